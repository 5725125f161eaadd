// Blame: whose fault an attempt's outcome is; the words of SQL, metrics, log and dashboard.
#pragma once

#include <cstdint>
#include <string_view>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

enum class Blame : std::uint8_t {
  none,      // it went well
  client,    // the request itself, or the client left
  resource,  // this key or account: 401, 402, 403, 429
  provider,  // the service behind it: 5xx, unreachable, cut stream
  proxy,     // ourselves
};
std::string_view to_string(Blame blame);

}  // namespace responses_proxy
