// /metrics
#include <algorithm>
#include <chrono>

#include "control/endpoints.h"
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

GaugeValues gauges_now(const ControlPlaneContext& context) {
  GaugeValues values;
  const SteadyTime now = context.clock.steady();
  const auto table = context.router.table();
  for (const Target& target : table->all()) values.resources.push_back(gauges_of(target, now));
  if (context.active_exchanges) values.active_exchanges = context.active_exchanges();
  if (context.open_sockets) values.open_sockets = context.open_sockets();
  values.telemetry = context.telemetry.stats();
  if (context.telemetry_stream) values.stream = context.telemetry_stream();
  values.affinity = context.state.affinity_stats();
  values.shared_state = context.state.shared_stats();
  return values;
}

}  // namespace

void add_metrics_endpoint(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  routes.get("/metrics", Access::data, [plane](const auto&, httplib::Response& response) {
    response.status = 200;
    response.set_header("Cache-Control", "no-store");
    response.set_content(plane->context.metrics.text(gauges_now(plane->context)),
                         "text/plain; version=0.0.4");
  });
}

}  // namespace responses_proxy::control
