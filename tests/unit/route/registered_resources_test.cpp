// Where requests go when there are registered resources beside those of the environment.
#include <doctest/doctest.h>

#include "fakes/manual_clock.h"
#include "responses_proxy/table_router.h"

namespace responses_proxy {

namespace {

Resource resource(std::string id, std::string pool, bool registered) {
  Resource made;
  made.id = std::move(id);
  made.pool_id = std::move(pool);
  made.base_url = "http://h";
  made.provider_id = registered ? "kimi" : "environment";
  made.registered = registered;
  return made;
}

ModelAlias alias(std::string name, std::string provider) {
  ModelAlias made;
  made.name = std::move(name);
  made.targets.push_back({.provider_id = std::move(provider), .model = "k2"});
  return made;
}

struct Fixture {
  std::vector<std::string> ids(std::string_view model, std::string_view pool = "") {
    const auto route = router.route({model, pool});
    if (!route) return {route.error().code};
    std::vector<std::string> all;
    for (const Target& target : route->targets) all.push_back(target.resource->id);
    return all;
  }

  testing::ManualClock clock;
  std::unique_ptr<StateStore> store = make_memory_state_store(clock);
  TableRouter router{*store};
};
using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a model that is no alias goes to the keys of the environment") {
  Fixture f;
  f.router.update({resource("k", "kimi", true), resource("e", "main", false)},
                  {alias("kimi/k2", "kimi")});
  CHECK(f.ids("gpt") == Ids{"e"});
  CHECK(f.ids("") == Ids{"e"});
  CHECK(f.ids("kimi/k2") == Ids{"k"});
  CHECK(f.ids("kimi/k2", "main") == Ids{"k"});
}

TEST_CASE("a pool means the keys of the environment, or what alone is in it") {
  Fixture f;
  f.router.update(
      {resource("k", "kimi", true), resource("m", "main", true), resource("e", "main", false)});
  CHECK(f.ids("gpt", "main") == Ids{"e"});
  CHECK(f.ids("gpt", "kimi") == Ids{"k"});
  CHECK(f.ids("gpt", "gone") == Ids{"unknown_pool"});
}

TEST_CASE("without keys of the environment only aliases are served, and what names no model") {
  Fixture f;
  f.router.update({resource("k", "kimi", true)}, {alias("kimi/k2", "kimi")});
  CHECK(f.ids("gpt") == Ids{"model_not_found"});
  CHECK(f.router.route({"gpt", ""}).error().status == 404);
  CHECK(f.router.route({"gpt", ""}).error().param == "model");
  CHECK(f.ids("") == Ids{"k"});
  CHECK(f.ids("kimi/k2") == Ids{"k"});
}

TEST_CASE("an alias without a target says why") {
  Fixture f;
  ModelAlias limited = alias("limited", "gone");
  limited.limit = "not routable";
  ModelAlias away = alias("away", "gone");
  away.unavailable = "provider gone: it is disabled";
  f.router.update({resource("e", "main", false)}, {limited, away});
  CHECK(f.router.route({"limited", ""}).error().status == 400);
  CHECK(f.router.route({"limited", ""}).error().code == "model_not_routable");
  CHECK(f.router.route({"limited", ""}).error().message == "not routable");
  CHECK(f.router.route({"away", ""}).error().status == 503);
  CHECK(f.router.route({"away", ""}).error().message ==
        "No provider resources configured for the model alias \"away\": provider gone: it is "
        "disabled");
}

TEST_CASE("of two aliases of one name the last counts, also for what is said of it") {
  Fixture f;
  ModelAlias first = alias("a", "gone");
  first.unavailable = "first";
  ModelAlias second = alias("a", "gone");
  second.unavailable = "second";
  f.router.update({resource("e", "main", false)}, {first, second});
  CHECK(f.router.table()->describe("a")->unavailable == "second");
  CHECK(f.router.table()->describe("b") == nullptr);
}

}  // namespace responses_proxy
