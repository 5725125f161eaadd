// Level 1, pick: the library chooses the key, the host does its own I/O.
#include <cstdio>
#include <string>
#include <variant>

#include "responses_proxy/load_balancer.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/verdict.h"

using namespace responses_proxy;

int main() {
  SystemClock clock;
  SeededRandom random(1);
  auto state = make_memory_state_store(clock);
  TableRouter router(*state);
  LoadBalancer balancer(clock, random);

  Resource first;
  first.id = "openai-1";
  first.pool_id = "interactive";
  first.base_url = "https://api.openai.com/v1";
  first.credential = Secret("sk-first");
  Resource second = first;
  second.id = "openai-2";
  second.credential = Secret("sk-second");
  second.weight = 2;
  router.update({first, second});

  const auto route = router.route({.model = "gpt-4.1-mini", .pool_id = "interactive"});
  if (!route) {
    std::fprintf(stderr, "%s\n", route.error().message.c_str());
    return 1;
  }
  // The session's resource is preferred; a response id would be required_resource instead.
  std::string preferred;
  state->find_affinity({AffinityKind::session, "session-7"},
                       [&](const std::optional<std::string>& id) { preferred = id.value_or(""); });

  PickResult result = balancer.pick({.route = *route, .preferred_resource = preferred});
  if (auto* lease = std::get_if<Picked>(&result)) {
    const std::string id = lease->resource().id;
    std::printf("send to %s with key %s (%s)\n", id.c_str(),
                lease->resource().credential.masked().c_str(), lease->reason_word().text().c_str());
    state->remember_affinity({AffinityKind::session, "session-7"}, id, {});
    // ... the host's own request; this is what came back:
    const int status = 429;
    const Headers headers{{"retry-after", "20"}};
    lease->finish(verdict_of(status, headers, clock.wall()), Millis(420), clock.steady());

    const ResourceState& taught = *router.table()->find(id)->state;
    std::printf("%s is %s now: %s\n", id.c_str(),
                std::string(to_string(taught.health_at(clock.steady()))).c_str(),
                taught.reason_at(clock.steady()).c_str());
    return taught.blocked_until() > clock.steady() ? 0 : 1;
  }
  if (const auto* wait = std::get_if<Wait>(&result)) {
    std::printf("every key is out, try again in %lld ms\n",
                static_cast<long long>(wait->retry_in.count()));
  }
  return 1;
}
