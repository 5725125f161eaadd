#include "runtime/make_tracer.h"

#include <utility>

#include "config/otlp_headers.h"
#include "responses_proxy/version.h"
#include "traces/otlp_post.h"

namespace responses_proxy {

namespace {

TraceSampling sampling_of(const Config& config) {
  constexpr std::string_view kParent = "parentbased_";
  std::string_view word = config.otel_traces_sampler;
  const bool obey_parent = word.starts_with(kParent);
  if (obey_parent) word.remove_prefix(kParent.size());
  double share = 1;
  if (word == "always_off") share = 0;
  if (word == "traceidratio") share = config.otel_traces_sampler_arg;
  return {obey_parent, share};
}

OtlpEndpoint endpoint_of(const Config& config) {
  OtlpEndpoint endpoint;
  endpoint.url = config.otlp_traces_endpoint.empty() ? config.otlp_endpoint + "/v1/traces"
                                                     : config.otlp_traces_endpoint;
  config::read_otlp_headers(config.otlp_headers.reveal(), endpoint.headers);
  return endpoint;
}

}  // namespace

std::unique_ptr<OtlpTracer> make_tracer(const Config& config, Random& random, Log log) {
  if (config.otlp_endpoint.empty() && config.otlp_traces_endpoint.empty()) return nullptr;
  OtlpTracer::Options options;
  options.sampling = sampling_of(config);
  options.resource = {{"service.name", config.otel_service_name},
                      {"service.version", std::string(kVersion)}};
  return std::make_unique<OtlpTracer>(std::move(options), post_to(endpoint_of(config)), random,
                                      std::move(log));
}

}  // namespace responses_proxy
