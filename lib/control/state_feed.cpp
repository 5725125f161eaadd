#include "control/state_feed.h"

#include "control/state_json.h"

namespace responses_proxy::control {

std::optional<std::string> StateFeed::due() {
  const SteadyTime now = context_.clock.steady();
  Json state = live_state(context_);
  if (sent_at_ && now - *sent_at_ < kKeepAlive && state == sent_) return std::nullopt;
  std::string event = "event: state\ndata: " + dump(stamped(state, context_.clock)) + "\n\n";
  sent_at_ = now;
  sent_ = std::move(state);
  return event;
}

}  // namespace responses_proxy::control
