// SelectionReason: why a pick took this resource.
#pragma once

#include <cstdint>
#include <string_view>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

// The words of x-proxy-decision, SQL, metrics and the dashboard.
enum class SelectionReason : std::uint8_t {
  response_affinity,
  session_affinity,
  policy,  // its word is the name of the BalancingPolicy
  failover,
};
std::string_view to_string(SelectionReason reason);

}  // namespace responses_proxy
