// Sends spans to a collector by HTTP POST.
//
// Threads    One at a time.
// Blocking   kOtlpTimeout at most.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "traces/otlp_tracer.h"

namespace responses_proxy {

inline constexpr Millis kOtlpTimeout{3'000};

struct OtlpEndpoint {
  std::string url;                                           // "http://localhost:4318/v1/traces"
  std::vector<std::pair<std::string, std::string>> headers;  // may hold credentials
};

OtlpTracer::Send post_to(OtlpEndpoint endpoint);

}  // namespace responses_proxy
