// Exchanges as spans in the JSON of OTLP (https://opentelemetry.io/docs/specs/otlp/): one of the
// exchange, one of each attempt under it, with the attributes that OpenTelemetry has for HTTP and
// for generative AI, and this program's own under "rp.". Of what was asked and answered nothing is
// in it.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "responses_proxy/request_record.h"
#include "responses_proxy/tracer.h"

namespace responses_proxy {

struct TracedExchange {
  ExchangeTrace trace;
  RequestRecord record;  // without bodies

  std::size_t spans() const { return 1 + record.attempts.size(); }
};

// Who sends the spans: names and values, "service.name" among them.
using TraceResource = std::vector<std::pair<std::string, std::string>>;

// An ExportTraceServiceRequest.
std::string otlp_json(std::span<const TracedExchange> exchanges, const TraceResource& resource);

}  // namespace responses_proxy
