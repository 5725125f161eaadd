#include "responses_proxy/routing_table.h"

#include <doctest/doctest.h>

#include <vector>

#include "fakes/manual_clock.h"
#include "responses_proxy/random.h"

namespace responses_proxy {

namespace {

Resource resource(std::string id, std::string pool, std::string provider = "environment") {
  return {
      std::move(id), "", std::move(provider), std::move(pool), "http://h", "responses", {}, 1.0};
}

// "a1", and for a target with a model of its own "a1:model"
std::vector<std::string> names(std::span<const Target> targets) {
  std::vector<std::string> all;
  for (const Target& target : targets) {
    const std::string model(target.model);
    all.push_back(target.resource->id + (model.empty() ? "" : ":" + model));
  }
  return all;
}
using Names = std::vector<std::string>;

struct Fixture {
  RoutingTable table(std::vector<ModelAlias> aliases = {}) {
    return {{resource("b1", "b"), resource("a1", "a"), resource("k1", "k", "kimi"),
             resource("a2", "a")},
            std::move(aliases),
            *store};
  }

  testing::ManualClock clock;
  std::unique_ptr<StateStore> store = make_memory_state_store(clock);
};

}  // namespace

TEST_CASE("a table finds resources by id and by pool") {
  Fixture f;
  const RoutingTable table = f.table();
  CHECK(names(table.all()) == Names{"a1", "a2", "b1", "k1"});
  CHECK(names(table.pool("a")) == Names{"a1", "a2"});
  CHECK(table.pool("c").empty());
  REQUIRE(table.find("b1"));
  CHECK(table.find("b1")->resource->pool_id == "b");
  CHECK(table.find("c1") == nullptr);
}

TEST_CASE("what a dialect reads of a target is read once, for each of its models") {
  struct Read final : DialectSettings {
    explicit Read(std::string given) : what(std::move(given)) {}
    std::string what;
  };
  int reads = 0;
  const ReadSettings reader = [&](const Resource& of, std::string_view model,
                                  std::string_view capabilities) {
    ++reads;
    const bool none = of.id == "a2";
    return none ? nullptr
                : std::make_shared<const Read>(of.id + ":" + std::string(model) + ":" +
                                               std::string(capabilities));
  };
  Fixture f;
  ModelAlias alias;
  alias.name = "fast";
  alias.targets = {{.resource_ids = {"a1"}, .model = "m", .capabilities = "{}"},
                   {.resource_ids = {"b1"}}};
  const RoutingTable table({resource("a1", "a"), resource("a2", "a"), resource("b1", "b")}, {alias},
                           *f.store, nullptr, reader);
  const auto read_of = [](const Target& target) {
    return target.settings == nullptr ? std::string("none")
                                      : dynamic_cast<const Read*>(target.settings)->what;
  };
  CHECK(read_of(*table.find("a1")) == "a1::");
  CHECK(read_of(table.pool("a")[1]) == "none");
  const auto& targets = *table.alias("fast");
  CHECK(read_of(targets[0]) == "a1:m:{}");
  CHECK(read_of(targets[1]) == "b1::");
  CHECK(reads == 5);
  CHECK(read_of(f.table().all()[0]) == "none");
}

TEST_CASE("every target of a resource has its one state") {
  Fixture f;
  const RoutingTable table = f.table({{"fast", {{.resource_ids = {"b1"}}}}});
  CHECK(table.find("b1")->state != table.find("a1")->state);
  CHECK(table.pool("b")[0].state == table.find("b1")->state);
  CHECK((*table.alias("fast"))[0].state == table.find("b1")->state);
}

TEST_CASE("an alias goes to what its rules name, in the order of the table") {
  struct {
    std::vector<TargetRule> rules;
    Names targets;
  } const cases[] = {
      {{{.model = "m"}}, {"a1:m", "a2:m", "b1:m", "k1:m"}},  // no selector: every resource
      {{{.resource_ids = {"k1", "a2"}}}, {"a2", "k1"}},
      {{{.pool_id = "a", .model = "m"}}, {"a1:m", "a2:m"}},
      {{{.provider_id = "kimi", .model = "k2"}}, {"k1:k2"}},
      {{{.provider_id = "kimi", .model = "k2"}, {.pool_id = "a", .model = "m"}},
       {"a1:m", "a2:m", "k1:k2"}},
      // The same resource under two names is two targets, twice under one is one.
      {{{.resource_ids = {"a1"}, .model = "m"},
        {.pool_id = "a", .model = "n"},
        {.pool_id = "a", .model = "m"}},
       {"a1:m", "a1:n", "a2:n", "a2:m"}},
      {{{.resource_ids = {"gone"}}, {.pool_id = "gone"}}, {}},
      {{}, {}},
  };
  Fixture f;
  for (const auto& [rules, targets] : cases) {
    const RoutingTable table = f.table({{"fast", rules}});
    REQUIRE(table.alias("fast") != nullptr);
    CHECK(names(*table.alias("fast")) == targets);
    CHECK(table.alias("faster") == nullptr);
  }
}

TEST_CASE("a target has what its rule says of weight, priority and the model") {
  Fixture f;
  TargetRule rule{.pool_id = "a", .model = "m", .weight = 2.5, .priority = 3};
  rule.capabilities = R"({"vision":true})";
  const RoutingTable table = f.table({{"fast", {rule}}, {"slow", {}}});
  const Target& target = (*table.alias("fast"))[0];
  CHECK(target.weight == 2.5);
  CHECK(target.priority == 3);
  CHECK(target.capabilities == R"({"vision":true})");
  CHECK(table.pool("a")[0].weight == 1);
  CHECK(table.pool("a")[0].capabilities.empty());
  REQUIRE(table.aliases().size() == 2);
  CHECK(table.aliases()[1].name == "slow");
}

TEST_CASE("a resource is found in a range that has it, and only there") {
  Fixture f;
  const RoutingTable table =
      f.table({{"fast", {{.pool_id = "a", .model = "m"}, {.resource_ids = {"k1"}, .model = "k"}}}});
  const auto& fast = *table.alias("fast");
  CHECK(table.find("k1", fast)->model == "k");
  CHECK(table.find("a2", fast) == &fast[1]);
  CHECK(table.find("b1", fast) == nullptr);
  CHECK(table.find("gone", fast) == nullptr);
  CHECK(table.find("a1", table.pool("b")) == nullptr);
  CHECK(table.find("a1", {}) == nullptr);
}

TEST_CASE("a resource that points elsewhere has a state of its own, else it keeps the one it had") {
  struct {
    void (*change)(Resource&);
    bool fresh;
  } const cases[] = {
      {[](Resource& r) { r.base_url = "http://other"; }, true},
      {[](Resource& r) { r.credential = Secret("sk-another-key"); }, true},
      {[](Resource& r) { r.wire_api = "chat_completions"; }, true},
      {[](Resource& r) { r.id = "a2"; }, true},
      {[](Resource& r) { r.name = "team-a"; }, false},
      {[](Resource& r) { r.pool_id = "b"; }, false},
      {[](Resource& r) { r.provider_id = "kimi"; }, false},
      {[](Resource& r) { r.weight = 2; }, false},
      {[](Resource& r) { r.websocket = false; }, false},
  };
  Fixture f;
  Resource before = resource("a1", "a");
  before.credential = Secret("sk-the-only-key");
  const RoutingTable table({before}, {}, *f.store);
  for (const auto& [change, fresh] : cases) {
    Resource after = before;
    change(after);
    const RoutingTable next({after}, {}, *f.store);
    CHECK((next.all()[0].state != table.all()[0].state) == fresh);
    CHECK(next.all()[0].state->name().find("sk-") == std::string::npos);
  }
}

TEST_CASE("a resource without a name is called by its id") {
  Fixture f;
  Resource named = resource("a1", "a");
  named.name = "team-a";
  const RoutingTable table({named, resource("b1", "b")}, {}, *f.store);
  CHECK(table.find("a1")->resource->name == "team-a");
  CHECK(table.find("b1")->resource->name == "b1");
  CHECK(table.find("team-a") == nullptr);
}

namespace {

// What the header says of a rule, resource by resource.
bool answers_to(const TargetRule& rule, const Resource& one) {
  if (!rule.pool_id.empty()) return one.pool_id == rule.pool_id;
  if (!rule.provider_id.empty()) return one.provider_id == rule.provider_id;
  const auto& ids = rule.resource_ids;
  return ids.empty() || std::find(ids.begin(), ids.end(), one.id) != ids.end();
}

Names expected(const RoutingTable& table, const std::vector<TargetRule>& rules) {
  Names all;
  for (const Target& target : table.all()) {
    for (const TargetRule& rule : rules) {
      if (!answers_to(rule, *target.resource)) continue;
      std::string name = target.resource->id + (rule.model.empty() ? "" : ":" + rule.model);
      if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(std::move(name));
    }
  }
  return all;
}

TargetRule drawn_rule(Random& random) {
  const auto word = [&](const char* prefix, std::uint64_t of) {
    return prefix + std::to_string(random.next() % of);
  };
  TargetRule rule;
  if (random.next() % 3 > 0) rule.model = word("m", 3);
  switch (random.next() % 4) {
    case 0:
      rule.pool_id = word("pool", 4);
      break;
    case 1:
      rule.provider_id = word("provider", 4);
      break;
    case 2:
      rule.resource_ids = {word("r", 12), word("r", 12), word("r", 12)};
      break;
    default:
      break;
  }
  return rule;
}

}  // namespace

TEST_CASE("the targets of an alias are those of its rules, whatever the rules are") {
  constexpr std::uint64_t kSeed = 11;
  CAPTURE(kSeed);
  SeededRandom random(kSeed);
  Fixture f;
  for (int round = 0; round < 300; ++round) {
    std::vector<Resource> resources;
    for (std::uint64_t i = 0; i < 1 + random.next() % 10; ++i) {
      resources.push_back(resource("r" + std::to_string(i),
                                   "pool" + std::to_string(random.next() % 3),
                                   "provider" + std::to_string(random.next() % 3)));
    }
    std::vector<TargetRule> rules;
    for (std::uint64_t i = 0; i < random.next() % 5; ++i) rules.push_back(drawn_rule(random));
    const RoutingTable table(resources, {{"a", rules}}, *f.store);
    CHECK(names(*table.alias("a")) == expected(table, rules));
  }
}

TEST_CASE("of an alias that is there twice the last one counts, also in words") {
  Fixture f;
  const RoutingTable table = f.table(
      {{"x", {{.resource_ids = {"a1"}}}, "first"}, {"x", {{.resource_ids = {"b1"}}}, "second"}});
  CHECK(names(*table.alias("x")) == Names{"b1"});
  REQUIRE(table.describe("x") != nullptr);
  CHECK(table.describe("x")->display_name == "second");
  CHECK(table.describe("y") == nullptr);
}

}  // namespace responses_proxy
