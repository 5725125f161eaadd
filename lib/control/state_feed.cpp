#include "control/state_feed.h"

#include "control/state_json.h"
#include "core/sse_event.h"

namespace responses_proxy::control {

std::optional<std::string> StateFeed::due() {
  const SteadyTime now = context_.clock.steady();
  Json state = live_state(context_);
  if (sent_at_ && now - *sent_at_ < kKeepAlive && state == sent_) return std::nullopt;
  std::string event = sse_event("state", dump(stamped(state, context_.clock)));
  sent_at_ = now;
  sent_ = std::move(state);
  return event;
}

}  // namespace responses_proxy::control
