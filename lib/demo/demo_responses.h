// Response objects and event streams of the demo upstream, in the shapes of the Responses API.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace responses_proxy::demo {

struct NewResponse {
  std::string id;          // "resp_..."
  std::string message_id;  // "msg_..."
  std::int64_t created_at = 0;
  std::string text;
};

Json usage_of(std::int64_t input_tokens, std::int64_t output_tokens);

// Complete, with the settings that the request made.
Json completed_response(const Json& request, const NewResponse& made);

// The SSE events that lead to that response, each with its blank line.
std::vector<std::string> events_of(const Json& completed, std::string_view text);

// What the demo charges for a request.
std::int64_t words_of_input(const Json& request);

// The request's input as a list of items with ids.
Json input_items(const Json& request, std::string_view response_id);

}  // namespace responses_proxy::demo
