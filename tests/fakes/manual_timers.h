// Timers that only ring when the test says so.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "fakes/manual_clock.h"
#include "responses_proxy/timers.h"

namespace responses_proxy::testing {

class ManualTimers final : public Timers {
 public:
  ManualTimers() = default;
  // On that clock, which advance() moves.
  explicit ManualTimers(ManualClock& clock) : clock_(clock) {}

  SteadyTime now() const override { return clock_.steady(); }

  std::unique_ptr<Timer> at(SteadyTime due, std::function<void()> task) override {
    const Key key{due, ++count_};
    waiting_.emplace(key, std::move(task));
    return std::make_unique<Waiting>(*this, key);
  }

  // Rings what falls due on the way, in order, tasks of these tasks included.
  void advance(Millis by) {
    const SteadyTime until = now() + by;
    while (next_due().value_or(SteadyTime::max()) <= until) ring_next();
    move_to(until);
  }
  // The one that falls due next; there must be one.
  void ring_next() {
    move_to(waiting_.begin()->first.first);
    auto rung = waiting_.extract(waiting_.begin());
    rung.mapped()();
  }

  std::optional<SteadyTime> next_due() const {
    return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->first.first);
  }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  using Key = std::pair<SteadyTime, std::uint64_t>;

  class Waiting final : public Timer {
   public:
    Waiting(ManualTimers& timers, Key key) : timers_(timers), key_(key) {}
    ~Waiting() override { timers_.waiting_.erase(key_); }

   private:
    ManualTimers& timers_;
    const Key key_;
  };

  void move_to(SteadyTime due) {
    if (due > now()) clock_.advance(std::chrono::ceil<Millis>(due - now()));
  }

  ManualClock own_;
  ManualClock& clock_ = own_;
  std::uint64_t count_ = 0;
  std::map<Key, std::function<void()>> waiting_;
};

}  // namespace responses_proxy::testing
