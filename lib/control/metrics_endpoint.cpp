// /metrics
#include <algorithm>
#include <chrono>

#include "control/endpoints.h"
#include "control/process_gauges.h"
#include "registry/registry.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/metrics.h"
#include "responses_proxy/router.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy::control {

namespace {

GaugeValues::ResourceGauges gauges_of(const Target& target, SteadyTime now) {
  const ResourceState& state = *target.state;
  const SteadyTime until = std::max(state.cooldown_until(), state.blocked_until());
  GaugeValues::ResourceGauges gauges;
  gauges.resource_id = target.resource->id;
  gauges.resource_name = target.resource->name;
  gauges.provider_id = target.resource->provider_id;
  gauges.pool_id = target.resource->pool_id;
  gauges.active = state.active();
  gauges.health = state.health_at(now);
  gauges.cooldown = std::max(Millis(0), std::chrono::ceil<Millis>(until - now));
  return gauges;
}

GaugeValues::RegistryGauges gauges_of(const Registry& registry) {
  const auto view = registry.view();
  const RegistryProblems problems = registry.problems();
  return {view->contents.version, view->unavailable(), problems.database.empty(),
          problems.file.empty()};
}

GaugeValues gauges_now(Plane& plane) {
  const ControlPlaneContext& context = plane.context;
  GaugeValues values;
  const SteadyTime now = context.clock.steady();
  const auto table = context.router.table();
  for (const Target& target : table->all()) values.resources.push_back(gauges_of(target, now));
  if (context.active_exchanges) values.active_exchanges = context.active_exchanges();
  if (context.open_sockets) values.open_sockets = context.open_sockets();
  values.telemetry = context.telemetry.stats();
  if (context.telemetry_stream) values.stream = context.telemetry_stream();
  if (context.traces) values.traces = context.traces();
  values.affinity = context.state.affinity_stats();
  values.shared_state = context.state.shared_stats();
  if (context.ping_database) values.database_up = plane.database.answers();
  values.process = process_gauges();
  if (plane.registry != nullptr) values.registry = gauges_of(*plane.registry);
  return values;
}

// Prometheus asks for it first, and takes either.
bool wants_openmetrics(const httplib::Request& request) {
  return request.get_header_value("Accept").find("application/openmetrics-text") !=
         std::string::npos;
}

}  // namespace

void add_metrics_endpoint(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  routes.get("/metrics", Access::data, [plane](const auto& request, httplib::Response& response) {
    const bool open = wants_openmetrics(request);
    response.status = 200;
    response.set_header("Cache-Control", "no-store");
    response.set_header("Vary", "Accept");
    response.set_content(
        plane->context.metrics.text(gauges_now(*plane),
                                    open ? MetricsFormat::openmetrics : MetricsFormat::prometheus),
        open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8");
  });
}

}  // namespace responses_proxy::control
