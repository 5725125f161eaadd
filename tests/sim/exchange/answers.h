// What a simulated provider says, for HTTP and for WebSocket: well-formed answers and broken ones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/request.h"
#include "sim/exchange/draw.h"

namespace responses_proxy::sim {

// The events of one answer, as JSON; numbered without a gap.
struct EventList {
  std::string response_id;
  std::vector<std::string> events;
  bool has_end = false;    // the last one is terminal
  bool completed = false;  // ... and response.completed
};
EventList draw_events(Draw& draw, const std::string& response_id);

struct ErrorAnswer {
  int status = 500;
  std::string code;
  Headers headers;  // beside the content type
};
ErrorAnswer draw_error(Draw& draw);
ErrorAnswer not_found_error();
std::string error_json(const ErrorAnswer& error);  // {"error":{...}}

// A whole response object, "completed" or, at times, "failed".
std::string draw_document(Draw& draw, const std::string& response_id);

// "data: ...\n\n" of each, some with a name and comments between them.
std::string as_stream(Draw& draw, const EventList& list);

// The value of a text member, found without a parser: what is simulated writes it plainly. "" if
// there is none.
std::string text_member(std::string_view json, std::string_view key);

}  // namespace responses_proxy::sim
