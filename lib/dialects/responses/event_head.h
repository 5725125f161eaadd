// What a streamed event, or a message of a WebSocket upstream, says of itself.
//
// Read at the top level of its JSON, escaped names included: items and texts inside may carry a
// "type" or an error code of their own. Only the members below are held, the rest is skimmed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace responses_proxy {

struct EventHead {
  std::string type;  // "response.output_text.delta"; "" if there is none
  std::optional<std::int64_t> sequence_number;
  std::string error_code;         // of `error`, of `response.error` or beside the type
  std::string incomplete_reason;  // response.incomplete_details.reason

  // A `response.incomplete` that is followed by the answer to what the client has steered to.
  bool steered() const { return type == "response.incomplete" && incomplete_reason == "steered"; }
};

// nullopt: `json` is not one whole JSON object.
std::optional<EventHead> read_event_head(std::string_view json);

}  // namespace responses_proxy
