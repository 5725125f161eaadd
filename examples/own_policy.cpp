// A balancing policy of the host's own; docs/extending.md walks through it.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <variant>

#include "responses_proxy/load_balancer.h"
#include "responses_proxy/table_router.h"

using namespace responses_proxy;

class LowestLatency final : public BalancingPolicy {
 public:
  std::string_view name() const override { return "lowest_latency"; }

  const Target* choose(EligibleTargets& eligible) const override {
    return least_score(eligible, [](const EligibleTarget& one) {
      const ResourceState& state = *one.target->state;
      const std::int64_t latency = std::max<std::int64_t>(state.last_latency_us(), 1);  // -1: none
      return static_cast<double>(latency * (state.active() + 1)) / one.weight;
    });
  }
};

int main() {
  SystemClock clock;
  SeededRandom random(1);
  auto state = make_memory_state_store(clock);
  TableRouter router(*state);
  LoadBalancerOptions options;
  options.policy = std::make_shared<LowestLatency>();
  LoadBalancer balancer(clock, random, options);

  Resource fast;
  fast.id = "fast";
  Resource slow;
  slow.id = "slow";
  router.update({slow, fast});
  const auto table = router.table();
  table->find("fast")->state->note_latency(std::chrono::milliseconds(200));
  table->find("slow")->state->note_latency(std::chrono::milliseconds(900));

  const auto route = router.route({});
  if (!route) return 1;
  PickResult result = balancer.pick({.route = *route});
  const auto* lease = std::get_if<Picked>(&result);
  if (lease == nullptr) return 1;
  std::printf("%s (%s)\n", lease->resource().id.c_str(), lease->reason_word().text().c_str());
  return lease->resource().id == "fast" && lease->reason_word().text() == "lowest_latency" ? 0 : 1;
}
