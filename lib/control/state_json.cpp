#include "control/state_json.h"

#include <optional>
#include <vector>

#include "control/of_runtime.h"
#include "control/resource_json.h"
#include "control/rows.h"
#include "control/time_text.h"
#include "control/wrong_now.h"
#include "metrics/traffic_history.h"
#include "registry/registry.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/decision.h"
#include "responses_proxy/router.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/telemetry_sink.h"
#include "responses_proxy/version.h"

namespace responses_proxy::control {

namespace {

Json to_json(const Decision& decision) {
  return {{"request_id", decision.request_id},
          {"session_id", text_or_null(decision.session_id)},
          {"session_name", text_or_null(decision.session_name)},
          {"resource_id", decision.resource_id},
          {"reason", decision.reason.text()},
          {"created_at", format_time(decision.created_at)}};
}

Json resources(const ControlPlaneContext& context) {
  Json list = Json::array();
  const auto table = context.router.table();
  for (const Target& target : table->all()) list.push_back(resource_json(target, context.clock));
  return list;
}

Json recent_decisions(const ControlPlaneContext& context) {
  Json list = Json::array();
  const auto decisions =
      context.recent_decisions ? context.recent_decisions() : std::vector<Decision>{};
  for (const Decision& decision : decisions) {
    list.push_back(to_json(decision));
  }
  return list;
}

Json to_json(const StreamStats& stream) {
  if (!stream.reachable) return {{"reachable", false}};
  return {{"reachable", true},
          {"length", stream.length},
          {"pending", stream.pending},
          {"written", stream.written},
          {"poison", stream.poison}};
}

Json shared_state(const StateStore& state) {
  const auto stats = state.shared_stats();
  if (!stats) return nullptr;
  return {
      {"up", stats->up}, {"problem", text_or_null(stats->problem)}, {"replicas", stats->replicas}};
}

// How requests went lately; null: nobody counts them.
Json recent(const ControlPlaneContext& context) {
  const TrafficHistory* const traffic = traffic_of(context);
  if (traffic == nullptr) return nullptr;
  const RecentTraffic recent = traffic->recent();
  return {{"seconds", RecentTraffic::kWindow.count()},
          {"requests", recent.all},
          {"errors", recent.failed}};
}

Json wrong(const ControlPlaneContext& context) {
  Json list = Json::array();
  for (const Trouble& trouble : wrong_now(context)) {
    list.push_back({{"level", trouble.bad ? "bad" : "warn"},
                    {"text", trouble.text},
                    {"resource_id", text_or_null(trouble.resource_id)}});
  }
  return list;
}

Json registry(const ControlPlaneContext& context) {
  const Registry* const served = registry_of(context);
  if (served == nullptr) return nullptr;
  const auto view = served->view();
  const RegistryProblems problems = served->problems();
  return {{"version", view->contents.version},
          {"providers", view->contents.providers.size()},
          {"models", view->contents.aliases.size()},
          {"unavailable", view->unavailable()},
          {"database_problem", text_or_null(problems.database)},
          {"file_problem", text_or_null(problems.file)}};
}

}  // namespace

Json live_state(const ControlPlaneContext& context) {
  const AffinityStats affinity = context.state.affinity_stats();
  const TelemetryStats telemetry = context.telemetry.stats();
  const auto stream = context.telemetry_stream ? std::optional(context.telemetry_stream())
                                               : std::optional<StreamStats>();
  return {{"version", kVersion},
          {"draining", context.draining.load()},
          {"active_exchanges", context.active_exchanges ? context.active_exchanges() : 0},
          {"open_sockets", context.open_sockets ? context.open_sockets() : 0},
          {"wrong", wrong(context)},
          {"recent", recent(context)},
          {"resources", resources(context)},
          {"recent_decisions", recent_decisions(context)},
          {"affinity_count", affinity.responses + affinity.items + affinity.sessions},
          {"affinity",
           {{"responses", affinity.responses},
            {"items", affinity.items},
            {"sessions", affinity.sessions},
            {"evicted", affinity.evicted}}},
          {"shared_state", shared_state(context.state)},
          {"registry", registry(context)},
          {"queue_depth", telemetry.queued + (stream ? stream->length : 0)},
          {"telemetry",
           {{"recorded", telemetry.recorded},
            {"written", telemetry.written},
            {"dropped", telemetry.dropped},
            {"queued", telemetry.queued},
            {"spooled", telemetry.spooled},
            {"bodies_dropped", telemetry.bodies_dropped},
            {"stream", stream ? to_json(*stream) : Json(nullptr)}}}};
}

Json stamped(const Json& state, const Clock& clock) {
  Json stamped_state{{"time", format_time(clock.wall())}};
  stamped_state.update(state);
  return stamped_state;
}

}  // namespace responses_proxy::control
