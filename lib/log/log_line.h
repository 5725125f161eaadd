// A LogEvent as one line of a log, for people or for programs.
#pragma once

#include <cstddef>
#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/config.h"
#include "responses_proxy/log.h"

namespace responses_proxy {

inline constexpr std::size_t kMaxLoggedText = 2'048;  // bytes of one text; the rest is left out

// text: "2026-11-21T08:17:00.123Z warning <message>"; control characters are escaped, so that no
// text of a client or a provider can forge a line or command a terminal.
// json: {"time","level","event","message", and the fields}. Both end with a newline.
std::string log_line(const LogEvent& event, LogFormat format, WallTime time);

}  // namespace responses_proxy
