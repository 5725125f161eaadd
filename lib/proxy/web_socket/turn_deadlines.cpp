#include "proxy/web_socket/turn_deadlines.h"

#include <algorithm>
#include <utility>

namespace responses_proxy {

TurnDeadlines::TurnDeadlines(Timers& timers, const UpstreamTimeouts& limits,
                             std::function<void(UpstreamError)> on_expired)
    : timers_(timers),
      limits_(limits),
      on_expired_(std::move(on_expired)),
      started_(timers.now()),
      last_heard_(started_) {}

void TurnDeadlines::resume() {
  paused_ = false;
  on_heard();
}

void TurnDeadlines::watch() {
  SteadyTime due = started_ + limits_.total;
  if (!begun_ && limits_.first_byte > Millis::zero()) {
    due = std::min(due, SteadyTime(started_ + limits_.first_byte));
  }
  if (limits_.idle > Millis::zero()) {
    // Where idleness does not count, look again: by then it may have begun, or the client may read.
    const SteadyTime from = begun_ && !paused_ ? last_heard_ : timers_.now();
    due = std::min(due, SteadyTime(from + limits_.idle));
  }
  timer_ = timers_.at(due, [this] {
    const UpstreamError error = expired(timers_.now());
    error == UpstreamError::none ? watch() : on_expired_(error);
  });
}

UpstreamError TurnDeadlines::expired(SteadyTime at) const {
  if (at >= started_ + limits_.total) return UpstreamError::total_timeout;
  if (!begun_ && limits_.first_byte > Millis::zero() && at >= started_ + limits_.first_byte) {
    return UpstreamError::first_byte_timeout;
  }
  if (begun_ && !paused_ && limits_.idle > Millis::zero() && at >= last_heard_ + limits_.idle) {
    return UpstreamError::idle_timeout;
  }
  return UpstreamError::none;
}

}  // namespace responses_proxy
