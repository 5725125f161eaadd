// The type of a streamed event, without parsing all of it.
#pragma once

#include <string_view>

namespace responses_proxy {

// Of the event's JSON: "response.output_text.delta"; "" if it has none near its start.
std::string_view event_type(std::string_view data);

// A `response.incomplete` that is followed by the answer to what the client has steered to.
bool is_steered(std::string_view type, std::string_view data);

}  // namespace responses_proxy
