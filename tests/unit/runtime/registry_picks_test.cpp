// Threads pick while what is registered changes: here, on another replica, and by reading again.
#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "fakes/registry_rig.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/random.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/table_router.h"

namespace responses_proxy::testing {

namespace {

constexpr std::uint64_t kSeed = 20261127;
constexpr int kOperations = 500;
constexpr std::uint64_t kNames = 5;  // of providers, and of aliases

// A replica whose registry feeds a router.
struct Replica {
  explicit Replica(RegistryRig& rig)
      : registry(rig.store, rig.clock, rig.options,
                 [this](std::vector<Resource> resources, std::vector<ModelAlias> aliases) {
                   router.update(std::move(resources), std::move(aliases));
                 }) {
    registry.load();
  }

  ManualClock clock;
  std::unique_ptr<StateStore> states = make_memory_state_store(clock);
  TableRouter router{*states};
  Registry registry;
};

struct Picks {
  std::atomic<bool> stop{false};
  std::atomic<int> served{0};
  std::atomic<int> lost{0};   // of the alias that is always there
  std::atomic<int> mixed{0};  // a resource with another one's name for the model
};

// Up to 20 requests under way, on the alias that stays and on those that come and go.
void pick_until_stopped(Replica& replica, Random& random, Picks& picks) {
  const LoadBalancer balancer(replica.clock, random, {Millis(30'000), Millis(0)});
  RoutingCache cache(replica.router);
  std::vector<PickResult> running;
  while (!picks.stop || picks.served < 1'000) {
    const std::uint64_t drawn = random.next();
    const bool steady = drawn % 2 == 0;
    const std::string model = steady ? "steady" : "m/" + std::to_string(drawn % kNames);
    const auto route = cache.route({model, ""});
    if (!route) {
      if (steady) ++picks.lost;
      continue;
    }
    PickResult result = balancer.pick({.route = *route});
    const auto* lease = std::get_if<Picked>(&result);
    if (lease == nullptr) {
      if (steady) ++picks.lost;
      continue;
    }
    const bool fits = lease->model() == "up-" + lease->resource().provider_id;
    if (!route->alias.empty() && !fits) ++picks.mixed;
    ++picks.served;
    running.push_back(std::move(result));
    if (running.size() > 20) running.erase(running.begin());
  }
}

// One operation that may be refused.
void edit(Registry& registry, Random& random) {
  RegistryEditor editor(registry);
  const std::string id = "p" + std::to_string(random.next() % kNames);
  const std::string name = "m/" + std::to_string(random.next() % kNames);
  const double weight = 1 + static_cast<double>(random.next() % 5);
  switch (random.next() % 8) {
    case 0:
      editor.put_provider(provider_body(id, {{"weight", weight}}), {}, "test");
      break;
    case 1:
      editor.put_alias(alias_body(name, id), {}, "test");
      break;
    case 2:
      editor.patch_provider(id, {{"enabled", random.next() % 2 == 0}}, {}, "test");
      break;
    case 3:
      editor.patch_provider("steady", {{"weight", weight}}, {}, "test");
      break;
    case 4:
      editor.patch_alias("steady", {{"display_name", id}}, {}, "test");
      break;
    case 5:
      editor.remove_provider(id, true, {}, "test");
      break;
    case 6:
      editor.remove_alias(name, {}, "test");
      break;
    default:
      registry.reload();
  }
}

}  // namespace

TEST_CASE("while the registry changes no request loses what is always there, and none gets a mix") {
  CAPTURE(kSeed);
  RegistryRig rig;
  rig.options.log = ignore_log;  // the rig's own keeps what it is told, and is for one thread
  Replica here(rig);
  Replica there(rig);
  RegistryEditor(here.registry).put_provider(provider_body("steady"), {}, "test");
  RegistryEditor(here.registry).put_alias(alias_body("steady", "steady"), {}, "test");
  const auto first = here.router.table();

  SeededRandom random(kSeed);
  Picks picks;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] { pick_until_stopped(here, random, picks); });
  }
  threads.emplace_back([&] {
    while (!picks.stop) here.registry.refresh();
  });
  SeededRandom operations(kSeed);
  for (int i = 0; i < kOperations; ++i) {
    edit(i % 3 == 0 ? there.registry : here.registry, operations);
  }
  picks.stop = true;
  for (std::thread& thread : threads) thread.join();

  CHECK(picks.lost == 0);
  CHECK(picks.mixed == 0);
  CHECK(picks.served >= 1'000);
  here.registry.refresh();
  CHECK(here.registry.view()->contents.version == rig.store.version());
  for (const auto& table : {first, here.router.table()}) {
    for (const Target& target : table->all()) CHECK(target.state->active() == 0);
  }
}

}  // namespace responses_proxy::testing
