// Replies in the shapes of the Responses API, for scripted upstreams.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "fakes/scripted_upstream.h"

namespace responses_proxy::testing {

struct UsageCounts {
  std::int64_t input = 11;
  std::int64_t output = 7;
  std::int64_t cached = 0;
  std::int64_t reasoning = 0;
};

struct FunctionCall {
  std::string call_id;
  std::string name;
  std::string arguments;  // JSON text
};

// A whole response object (tests/golden/response.json is the template) with one text message.
Json response_object(std::string_view id, std::string_view text, const UsageCounts& usage = {});

Reply json_reply(const Json& body, int status = 200);
Reply json_response(std::string_view id, std::string_view text, const UsageCounts& usage = {});

// Event streams with every event in order and a gapless sequence_number; one step per event.
Reply sse_stream(std::string_view id, const std::vector<std::string>& deltas,
                 const UsageCounts& usage = {});
Reply sse_function_call(std::string_view id, const FunctionCall& call,
                        const UsageCounts& usage = {});
// created, in_progress, then response.failed with that error.
Reply sse_failed(std::string_view id, std::string_view code, std::string_view message);

// {"error":{...}}; an empty param or code is sent as null.
Reply error_reply(int status, std::string_view type, std::string_view code,
                  std::string_view message, std::string_view param = {});

Json models_list(const std::vector<std::string>& ids);

// The events of a stream, whatever they are called.
inline std::vector<Json> events_in(const std::string& stream) {
  std::vector<Json> events;
  for (std::size_t at = 0; (at = stream.find("data: ", at)) != std::string::npos;) {
    at += std::string("data: ").size();
    events.push_back(Json::parse(stream.substr(at, stream.find('\n', at) - at)));
  }
  return events;
}

}  // namespace responses_proxy::testing
