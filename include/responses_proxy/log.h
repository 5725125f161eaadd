// Log: what the library tells its operator.
//
// Role       One LogEvent per thing that somebody acts on: health of a key, outages, limits hit;
//            never one per request. rp-server writes them as text or JSON lines; an embedder passes
//            any function. docs/operating.md lists the events.
// Threads    Called from any thread, event loops included: it must not block.
// Limits     Free of secrets. Texts of providers may stand in a message, so its control characters
//            are for whoever writes it out to escape.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

enum class LogLevel : std::uint8_t {
  info,     // as it should be: started, works again
  warning,  // served all the same, but somebody should look
  error,    // something is lost or cannot be served
  off,      // as a threshold: nothing is logged
};

struct LogEvent {
  using Value = std::variant<std::string, std::int64_t, double>;

  LogLevel level = LogLevel::info;
  std::string event;    // for machines, stable: "outage_begun"
  std::string message;  // for people, whole without the fields
  std::vector<std::pair<std::string, Value>> fields = {};
};

using Log = std::function<void(const LogEvent& event)>;

inline void ignore_log(const LogEvent&) {}

}  // namespace responses_proxy
