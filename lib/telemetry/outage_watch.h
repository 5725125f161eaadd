// OutageWatch: one line in the log when something stops working, one when it works again, and the
// pauses in between.
//
// Threads    One at a time.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "responses_proxy/clock.h"
#include "responses_proxy/log.h"

namespace responses_proxy {

class OutageWatch {
 public:
  // `what`: "worker: Redis"
  OutageWatch(std::string what, Millis first_pause, Millis max_pause, Log log)
      : what_(std::move(what)),
        first_pause_(first_pause),
        max_pause_(max_pause),
        log_(std::move(log)),
        pause_(first_pause) {}

  // Returns how long to wait before the next attempt.
  Millis failed(const std::string& problem) {
    if (!std::exchange(lasts_, true)) {
      log_({LogLevel::warning,
            "outage_begun",
            what_ + " does not work: " + problem,
            {{"what", what_}, {"problem", problem}}});
    }
    return std::exchange(pause_, std::min(2 * pause_, max_pause_));
  }
  void worked() {
    pause_ = first_pause_;
    if (std::exchange(lasts_, false)) {
      log_({LogLevel::info, "outage_ended", what_ + " works again", {{"what", what_}}});
    }
  }

 private:
  const std::string what_;
  const Millis first_pause_;
  const Millis max_pause_;
  const Log log_;
  Millis pause_;
  bool lasts_ = false;
};

}  // namespace responses_proxy
