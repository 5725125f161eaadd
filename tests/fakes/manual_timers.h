// Timers that only ring when the test says so.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "responses_proxy/timers.h"

namespace responses_proxy::testing {

class ManualTimers final : public Timers {
 public:
  SteadyTime now() const override { return now_; }

  std::unique_ptr<Timer> at(SteadyTime due, std::function<void()> task) override {
    const Key key{due, ++count_};
    waiting_.emplace(key, std::move(task));
    return std::make_unique<Waiting>(*this, key);
  }

  // Rings what falls due on the way, in order, tasks of these tasks included.
  void advance(Millis by) {
    const SteadyTime until = now_ + by;
    while (!waiting_.empty() && waiting_.begin()->first.first <= until) {
      now_ = std::max(now_, waiting_.begin()->first.first);
      auto rung = waiting_.extract(waiting_.begin());
      rung.mapped()();
    }
    now_ = until;
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

  SteadyTime now_{std::chrono::hours(1)};
  std::uint64_t count_ = 0;
  std::map<Key, std::function<void()>> waiting_;
};

}  // namespace responses_proxy::testing
