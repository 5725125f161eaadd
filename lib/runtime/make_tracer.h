// The tracer that a Config asks for.
#pragma once

#include <memory>

#include "responses_proxy/config.h"
#include "traces/otlp_tracer.h"

namespace responses_proxy {

// Null: no endpoint is configured. The random source outlives it.
std::unique_ptr<OtlpTracer> make_tracer(const Config& config, Random& random, Log log);

}  // namespace responses_proxy
