// StateFeed: what one viewer of /admin/events is sent, and when.
//
// Threads    StateFeed: one at a time. Pulse: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "core/json.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/control_plane.h"

namespace responses_proxy::control {

class StateFeed {
 public:
  // A viewer hears from us at least this often.
  static constexpr Millis kKeepAlive{5'000};

  explicit StateFeed(const ControlPlaneContext& context) : context_(context) {}

  // The event to send now: on the first call, after a change, and when it was quiet for too long.
  std::optional<std::string> due();

 private:
  const ControlPlaneContext& context_;
  std::optional<SteadyTime> sent_at_;
  Json sent_;
};

// Wakes the viewers before their next look at the state would be due.
class Pulse {
 public:
  static constexpr Millis kInterval{500};

  void wait() {
    std::unique_lock lock(mutex_);
    const std::uint64_t seen = beats_;
    changed_.wait_for(lock, kInterval, [&] { return beats_ != seen; });
  }
  void beat() {
    const std::scoped_lock lock(mutex_);
    ++beats_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;  // guards beats_
  std::condition_variable changed_;
  std::uint64_t beats_ = 0;
};

}  // namespace responses_proxy::control
