#include "responses_proxy/table_router.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

Resource resource(std::string id, std::string pool) {
  return {std::move(id), "", "environment", std::move(pool), "http://h", "responses", {}, 1.0};
}

std::vector<std::string> ids(std::span<const Target> targets) {
  std::vector<std::string> all;
  for (const Target& target : targets) all.push_back(target.resource->id);
  return all;
}
using Ids = std::vector<std::string>;

struct Fixture {
  testing::ManualClock clock;
  std::unique_ptr<StateStore> store = make_memory_state_store(clock);
  TableRouter router{*store};
};

}  // namespace

TEST_CASE("without resources there is no route") {
  Fixture f;
  for (int round = 0; round < 2; ++round) {  // before the first update, and after an empty one
    for (const std::string_view pool : {"", "main"}) {
      const auto route = f.router.route({"gpt", pool});
      REQUIRE_FALSE(route);
      CHECK(route.error().status == 503);
      CHECK(route.error().code == "no_resources_configured");
      CHECK(route.error().message == "No provider resources configured");
    }
    f.router.update({});
  }
}

TEST_CASE("a pool routes to its own resources, no pool to all") {
  Fixture f;
  f.router.update(
      {resource("b2", "b"), resource("a1", "a"), resource("b1", "b"), resource("0", "")});
  CHECK(ids(f.router.route({"", "a"})->targets) == Ids{"a1"});
  CHECK(ids(f.router.route({"", "b"})->targets) == Ids{"b2", "b1"});  // as configured
  CHECK(f.router.route({"", ""})->targets.size() == 4);
  CHECK(f.router.route({"", "b"})->pool_id == "b");
}

TEST_CASE("an unknown pool is the client's mistake and is named") {
  Fixture f;
  f.router.update({resource("a1", "a")});
  const auto route = f.router.route({"", "A"});
  REQUIRE_FALSE(route);
  CHECK(route.error().status == 400);
  CHECK(route.error().code == "unknown_pool");
  CHECK(route.error().message.starts_with("No available resources are registered"));
  CHECK(route.error().message.find("\"A\"") != std::string::npos);
}

TEST_CASE("a resource without a name is called by its id") {
  Fixture f;
  f.router.update({resource("a1", "a"), resource("b1", "b")});
  CHECK(f.router.table()->find("a1")->resource->name == "a1");
  Resource named = resource("a1", "a");
  named.name = "team-a";
  f.router.update({named});
  CHECK(f.router.table()->find("a1")->resource->name == "team-a");
  CHECK(f.router.table()->find("team-a") == nullptr);
}

TEST_CASE("a model that is an alias goes to the alias's targets, whatever pool is asked for") {
  Fixture f;
  f.router.update(
      {resource("a1", "a"), resource("b1", "b")},
      {{"fast", {{.pool_id = "b", .model = "gpt-mini"}}}, {"lost", {{.pool_id = "c"}}}});
  for (const std::string_view pool : {"", "a", "none"}) {
    const auto route = f.router.route({"fast", pool});
    REQUIRE(route);
    CHECK(ids(route->targets) == Ids{"b1"});
    CHECK(route->targets[0].model == "gpt-mini");
    CHECK(route->alias == "fast");
  }
  const auto other = f.router.route({"Fast", ""});
  CHECK(ids(other->targets) == Ids{"a1", "b1"});
  CHECK(other->targets[0].model.empty());
  CHECK(other->alias.empty());
  const auto lost = f.router.route({"lost", ""});
  REQUIRE_FALSE(lost);
  CHECK(lost.error().status == 503);
  CHECK(lost.error().message == "No provider resources configured for the model alias \"lost\"");
}

TEST_CASE("a loop's cache has every update, and the same table until there is one") {
  Fixture f;
  RoutingCache cache(f.router);
  CHECK_FALSE(cache.route({"", ""}));
  f.router.update({resource("a1", "a")});
  CHECK(ids(cache.route({"", "a"})->targets) == Ids{"a1"});
  CHECK(cache.table().get() == f.router.table().get());
  const long shared = f.router.table().use_count();
  const Route held = *cache.route({"", ""});
  CHECK(f.router.table().use_count() == shared);  // a route counts on the loop's own pointer
  f.router.update({resource("a2", "a")});
  CHECK(ids(cache.route({"", ""})->targets) == Ids{"a2"});
  CHECK(ids(held.targets) == Ids{"a1"});
}

TEST_CASE("a route that is held survives an update, the next one is new, the state stays") {
  Fixture f;
  f.router.update({resource("a1", "a"), resource("a2", "a")});
  const Route held = *f.router.route({"", "a"});
  ResourceState* state = held.targets[0].state;
  f.router.update({resource("a3", "a"), resource("a1", "a")});
  CHECK(ids(held.targets) == Ids{"a1", "a2"});
  CHECK(held.targets[0].resource->base_url == "http://h");
  const Route fresh = *f.router.route({"", "a"});
  CHECK(ids(fresh.targets) == Ids{"a3", "a1"});
  CHECK(fresh.targets[1].state == state);
}

TEST_CASE("routes are taken while they are replaced") {
  Fixture f;
  f.router.update({resource("a1", "a")});
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto route = f.router.route({"", "a"});
        if (!route || ids(route->targets).front() != "a1") ++wrong;
      }
    });
  }
  for (int i = 0; i < 500; ++i) {
    f.router.update({resource("a1", "a"), resource("x" + std::to_string(i), "b")});
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
}

}  // namespace responses_proxy
