#include "core/sse_event.h"

namespace responses_proxy {

std::string sse_event(std::string_view type, std::string_view json) {
  constexpr std::string_view kData = "data: ";
  std::string event;
  event.reserve(type.size() + json.size() + 24);
  if (!type.empty()) event.append("event: ").append(type).append("\n");
  event.append(kData);
  if (json.find('\n') == std::string_view::npos && json.find('\r') == std::string_view::npos) {
    return event.append(json).append("\n\n");
  }
  for (const char c : json) {
    if (c == '\r') continue;  // a blank between JSON tokens; within strings it is escaped
    event += c;
    if (c == '\n') event.append(kData);
  }
  return event.append("\n\n");
}

}  // namespace responses_proxy
