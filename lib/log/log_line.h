// A LogEvent as one line of a log, for people or for programs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/config.h"
#include "responses_proxy/log.h"

namespace responses_proxy {

inline constexpr std::size_t kMaxLoggedText = 2'048;  // bytes of one text; the rest is left out

// "2026-11-21T08:17:00.123Z"
std::string log_time(WallTime time);
// Without control characters, which are escaped: no text of a client or a provider can forge a line
// or command a terminal.
std::string printable(std::string_view text);

// text: "2026-11-21T08:17:00.123Z warning <message>", printable.
// json: {"time","level","event","message", and the fields}. Both end with a newline.
std::string log_line(const LogEvent& event, LogFormat format, WallTime time);

}  // namespace responses_proxy
