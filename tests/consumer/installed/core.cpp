// Picks and translates.
#include <cstdio>
#include <variant>

#include "responses_proxy/dialect.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/verdict.h"

using namespace responses_proxy;

int main() {
  const SystemClock clock;
  SeededRandom random(1);
  const auto state = make_memory_state_store(clock);
  TableRouter router(*state);
  const LoadBalancer balancer(clock, random);
  Resource resource;
  resource.id = "one";
  resource.base_url = "http://127.0.0.1:1/v1";
  router.update({resource});
  const auto route = router.route({});
  if (!route) return 1;
  PickResult result = balancer.pick({.route = *route});
  auto* lease = std::get_if<Picked>(&result);
  if (lease == nullptr) return 2;
  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  const auto translated =
      make_responses_dialect()->translate({.request = request}, lease->resource());
  if (!translated) return 3;
  lease->finish(verdict_of(200, {}, clock.wall()), Millis(1), clock.steady());
  std::printf("%s\n", translated->call.url.c_str());
  return translated->call.url == "http://127.0.0.1:1/v1/responses" ? 0 : 4;
}
