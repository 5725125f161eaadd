// /healthz, /readyz, /admin/health/check
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "balance/eligibility.h"
#include "control/answer.h"
#include "control/endpoints.h"
#include "control/rows.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/router.h"
#include "responses_proxy/state_store.h"

namespace responses_proxy::control {

namespace {

using Results = std::vector<HealthCheckResult>;

std::size_t resource_count(const Router& router) {
  return router.table()->all().size();
}

struct Pools {
  std::size_t usable = 0;
  Json out = Json::array();  // "pool:interactive"
};

// A pool is out when none of its resources would be given a request.
Pools pools_of(const ControlPlaneContext& context) {
  std::map<std::string_view, bool> usable;
  const auto table = context.router.table();
  const SteadyTime now = context.clock.steady();
  for (const Target& target : table->all()) {
    const bool unhealthy = target.state->health() == Health::unhealthy;
    usable[target.resource->pool_id] |= !unhealthy && !eligibility(*target.state, now, {}).dropped;
  }
  Pools pools;
  for (const auto& [pool_id, any] : usable) {
    if (any) {
      ++pools.usable;
    } else {
      pools.out.push_back("pool:" + std::string(pool_id));
    }
  }
  return pools;
}

void answer_readiness(Plane& plane, httplib::Response& response) {
  Json missing = Json::array();
  const Pools pools = pools_of(plane.context);
  if (resource_count(plane.context.router) == 0) {
    missing.push_back("resources");
  } else if (pools.usable == 0) {
    missing.push_back("available_resources");
  }
  if (!plane.database.answers()) missing.push_back("database");
  // What is missing then is a server that takes new work.
  if (plane.context.draining) missing.push_back("draining");
  // Requests go on without Redis, and another pool's requests without this one: neither must take
  // this replica out of rotation.
  Json degraded = pools.out;
  const auto shared = plane.context.state.shared_stats();
  if (shared && !shared->up) degraded.push_back("redis");
  const bool ready = missing.empty();
  Json answer{{"status", ready ? "ready" : "not_ready"}};
  if (!ready) answer["missing"] = std::move(missing);
  if (!degraded.empty()) answer["degraded"] = std::move(degraded);
  send_json(response, answer, ready ? 200 : 503);
}

Millis longest_check(const ControlPlaneContext& context) {
  constexpr Millis kSlack{1'000};
  const auto batches = static_cast<Millis::rep>(
      (resource_count(context.router) + HealthChecker::kParallel - 1) / HealthChecker::kParallel);
  // Twice: a round that is under way has to end before the one asked for begins.
  return context.config.health_check_timeout * 2 * std::max<Millis::rep>(batches, 1) + kSlack;
}

// Nothing if the checks take longer than they may, or the server ends.
std::optional<Results> check_now(const ControlPlaneContext& context) {
  constexpr Millis kLook{100};
  const SteadyTime deadline = context.clock.steady() + longest_check(context);
  const auto promise = std::make_shared<std::promise<Results>>();
  std::future<Results> results = promise->get_future();
  context.health.check_all([promise](Results all) { promise->set_value(std::move(all)); });
  while (results.wait_for(kLook) != std::future_status::ready) {
    if (context.clock.steady() >= deadline || context.draining) return std::nullopt;
  }
  return results.get();
}

Error too_late(const ControlPlaneContext& context) {
  return Error::unavailable(
      504, "health_check_timeout",
      fmt::format(
          "The health checks did not end within {} s. /admin/state has the last_check of "
          "each resource; PROXY_HEALTH_CHECK_TIMEOUT_SECONDS says how long one may take.",
          std::chrono::duration_cast<std::chrono::seconds>(longest_check(context)).count()));
}

Json to_json(const HealthCheckResult& result) {
  return {{"resource_id", result.resource_id},
          {"health", to_string(result.health)},
          {"status_code", result.status_code == 0 ? Json(nullptr) : Json(result.status_code)},
          {"error", text_or_null(result.error)},
          {"latency_ms", to_millis(result.latency)}};
}

void answer_health_check(Plane& plane, httplib::Response& response) {
  const auto slot = plane.health_waits.take();
  if (!slot) {
    return send_error(response, too_many("health_check_busy",
                                         "Enough callers wait for health checks already: try again "
                                         "in a second, or look at last_check in /admin/state."));
  }
  const auto results = check_now(plane.context);
  if (!results) {
    return send_error(response, too_late(plane.context));
  }
  plane.pulse.beat();
  Json data = Json::array();
  for (const HealthCheckResult& result : *results) data.push_back(to_json(result));
  send_json(response, {{"data", std::move(data)}});
}

}  // namespace

void add_health_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane) {
  routes.get("/healthz", Access::open, [](const auto&, httplib::Response& response) {
    send_json(response, {{"status", "ok"}});
  });
  routes.get("/readyz", Access::open, [plane](const auto&, httplib::Response& response) {
    answer_readiness(*plane, response);
  });
  routes.post(
      "/admin/health/check", Access::data,
      [plane](const auto&, httplib::Response& response) { answer_health_check(*plane, response); });
}

}  // namespace responses_proxy::control
