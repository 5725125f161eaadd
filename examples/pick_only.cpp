// Level 1, pick: the library chooses the key, the host does its own I/O.
#include <cstdio>
#include <variant>

#include "responses_proxy/responses_proxy.h"

using namespace responses_proxy;

int main() {
  SystemClock clock;
  SeededRandom random(1);
  auto state = make_memory_state_store(clock);
  Router router(*state);
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

  const auto route = router.route({"gpt-4.1-mini", "interactive"});
  if (!route) {
    std::fprintf(stderr, "%s\n", route.error().message.c_str());
    return 1;
  }
  // The session's resource is preferred; a response id would be required_resource instead.
  std::string preferred;
  state->find_affinity({AffinityKind::session, "session-7"},
                       [&](const std::optional<std::string>& id) { preferred = id.value_or(""); });

  PickResult result = balancer.pick({*route, {}, preferred, SelectionReason::session_affinity, {}});
  if (auto* lease = std::get_if<Picked>(&result)) {
    std::printf("send to %s with key %s (%s)\n", lease->resource().id.c_str(),
                lease->resource().credential.masked().c_str(), lease->reason_word().text().c_str());
    state->remember_affinity({AffinityKind::session, "session-7"}, lease->resource().id, {});
    // ... the host's own request ...
    Verdict verdict;
    verdict.health = Health::healthy;
    lease->finish(verdict, std::chrono::milliseconds(420), clock.steady());
    return 0;
  }
  if (const auto* wait = std::get_if<Wait>(&result)) {
    std::printf("every key is out, try again in %lld ms\n",
                static_cast<long long>(wait->retry_in.count()));
  }
  return 1;
}
