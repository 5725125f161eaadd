// Points in time as the control plane writes and reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"

namespace responses_proxy::control {

// "2026-11-21T08:17:00.123Z"
std::string format_time(WallTime time);
// ISO 8601 ("2026-11-21", "2026-11-21T08:17", "...:00.5", with "Z" or an offset; UTC without one)
// or unix seconds ("1795219200", "1795219200.5").
std::optional<WallTime> parse_time(std::string_view text);

}  // namespace responses_proxy::control
