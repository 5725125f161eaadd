// Reads what a streamed event, or a message of a WebSocket upstream, says of itself, and where the
// parts of it stand that are of use: it is the one look at an event. Escaped names are the same
// names; whatever else there is is skimmed over.
#pragma once

#include <optional>
#include <string_view>

#include "responses_proxy/answer.h"

namespace responses_proxy {

// nullopt: `json` is not one whole JSON object.
std::optional<EventHead> read_event_head(std::string_view json);

}  // namespace responses_proxy
