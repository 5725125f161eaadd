// What the simulated world does next, and when. Its own timers, so that those of the proxy can be
// counted.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "fakes/manual_clock.h"

namespace responses_proxy::sim {

class Script {
 public:
  explicit Script(testing::ManualClock& clock) : clock_(clock) {}

  void after(Millis delay, std::function<void()> task) {
    waiting_.emplace(clock_.steady() + delay, std::move(task));
  }
  std::optional<SteadyTime> next_due() const {
    return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->first);
  }
  void run_next() {
    const SteadyTime due = waiting_.begin()->first;
    if (due > clock_.steady()) {
      clock_.advance(std::chrono::duration_cast<Millis>(due - clock_.steady()));
    }
    auto next = waiting_.extract(waiting_.begin());
    next.mapped()();
  }

 private:
  testing::ManualClock& clock_;
  std::multimap<SteadyTime, std::function<void()>> waiting_;
};

}  // namespace responses_proxy::sim
