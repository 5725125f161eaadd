// Whether a body is a stream of server-sent events.
#pragma once

#include <string_view>

#include "responses_proxy/headers.h"

namespace responses_proxy {

inline constexpr std::string_view kEventStream = "text/event-stream";

// By its content type, whatever parameters that has.
inline bool is_event_stream(const Headers& headers) {
  return equals_ignore_case(headers.get("content-type").substr(0, kEventStream.size()),
                            kEventStream);
}

}  // namespace responses_proxy
