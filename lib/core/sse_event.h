// Writes server-sent events. https://html.spec.whatwg.org/multipage/server-sent-events.html
#pragma once

#include <string>
#include <string_view>

namespace responses_proxy {

// One event; `type` for its "event:" line, "" = none. Line ends in `json` are kept as such.
std::string sse_event(std::string_view type, std::string_view json);

}  // namespace responses_proxy
