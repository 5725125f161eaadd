// DatabaseProbe: does the database answer? Asked by every /readyz, put to the database rarely.
//
// Threads    Safe from any thread. One caller at a time waits for the database; the others get the
//            last result, and "no" once the question has been open for kPatience.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "responses_proxy/clock.h"

namespace responses_proxy::control {

class DatabaseProbe {
 public:
  static constexpr Millis kFresh{1'000};
  static constexpr Millis kPatience{2'000};

  // Empty: there is nothing to ask, and it always answers.
  DatabaseProbe(std::function<void()> ping, const Clock& clock)
      : ping_(std::move(ping)), clock_(clock) {}

  bool answers();

 private:
  bool ping();

  const std::function<void()> ping_;
  const Clock& clock_;
  std::mutex mutex_;  // guards what follows; not held during the ping
  bool last_ = false;
  std::optional<SteadyTime> asked_at_;
  bool waiting_ = false;
};

}  // namespace responses_proxy::control
