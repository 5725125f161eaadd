// PROXY_MODEL_ALIASES: what it becomes, and what is said of one that is wrong.
#include "config/aliases.h"

#include <doctest/doctest.h>

#include "unit/config/map_environment.h"

using namespace responses_proxy;
using responses_proxy::testing::load;
using responses_proxy::testing::messages;
using responses_proxy::testing::Variables;

namespace {

Variables with(const std::string& aliases) {
  return {{"OPENAI_API_KEYS", "sk-a,sk-b"},
          {"OPENAI_RESOURCE_NAMES", "team-a"},
          {"OPENAI_RESOURCE_POOL_IDS", "fast,spare"},
          {"PROXY_MODEL_ALIASES", aliases}};
}

}  // namespace

TEST_CASE("an alias has a target, or several") {
  const LoadedConfig read =
      load(with(R"({"codex/fast": {"pool": "fast", "model": "gpt-mini"}, "any": {"model": "gpt"},)"
                R"("as-it-is": {"pool": "spare"}, "two": [{"resources": ["team-a", "openai-2"], )"
                R"("model": "gpt"}, {"pool": "spare", "model": "old"}]})"));
  CHECK(messages(read) == "");
  const auto& resources = read.config.resources;
  const std::vector<ModelAlias> expected = {
      {"codex/fast", {{.pool_id = "fast", .model = "gpt-mini"}}},
      {"any", {{.model = "gpt"}}},
      {"as-it-is", {{.pool_id = "spare"}}},
      {"two",
       {{.resource_ids = {resources[0].id, resources[1].id}, .model = "gpt"},
        {.pool_id = "spare", .model = "old"}}},
  };
  CHECK(read.config.aliases == expected);
}

TEST_CASE("a resource can be named by its id") {
  const std::string id = load(with("")).config.resources[0].id;
  const LoadedConfig loaded = load(with(R"({"a": {"resources": [")" + id + R"("]}})"));
  CHECK(loaded.errors.empty());
  CHECK(loaded.config.aliases[0].targets[0].resource_ids == std::vector<std::string>{id});
}

TEST_CASE("what is wrong with an alias is said, and where") {
  struct {
    const char* value;
    const char* problem;
  } const cases[] = {
      {"{", "is no JSON object: it stops being JSON at line 1, column 2"},
      {"[]", "is not a JSON object"},
      {"{}", "has no alias"},
      {R"({"": {"pool": "fast"}})", "has an alias that is not a valid name"},
      {R"({"a b": {"pool": "fast"}})", "has an alias that is not a valid name"},
      {R"({"../x": {"pool": "fast"}})", "has an alias that is not a valid name"},
      {R"({"x//y": {"pool": "fast"}})", "has an alias that is not a valid name"},
      {R"({"a": {"pool": "fast"}, "a": {"pool": "fast"}})", "has the alias \"a\" twice"},
      {R"({"a": "gpt"})", "has the alias \"a\": a target is not an object"},
      {R"({"a": []})", "has the alias \"a\": it has no target"},
      {R"({"a": [{"pool": "fast"}, 7]})", "has the alias \"a\": a target is not an object"},
      {R"({"a": {"pool": 7}})", "has the alias \"a\": \"pool\" is not a pool's name"},
      {R"({"a": {"model": ""}})", "has the alias \"a\": \"model\" is not the name of a model"},
      {R"({"a": {"model": "a b"}})", "has the alias \"a\": \"model\" is not the name of a model"},
      {R"({"a": {"resources": "team-a"}})",
       "has the alias \"a\": \"resources\" is not a list of names"},
      {R"({"a": {"resources": []}})", "has the alias \"a\": \"resources\" is not a list of names"},
      {R"({"a": {"resources": [1]}})",
       "has the alias \"a\": \"resources\" has an item that is not a resource's name or id"},
      {R"({"a": {"Pool": "fast"}})",
       "has the alias \"a\": a target has \"Pool\": only resources, pool and model can be set"},
      {R"({"a": {"pool": "fast", "pool": "fast"}})", "has the alias \"a\": \"pool\" is set twice"},
      {R"({"a": {"pool": "fast", "resources": ["team-a"]}})",
       "has the alias \"a\": a target has both a pool and resources: write two targets"},
  };
  for (const auto& [value, problem] : cases) {
    CAPTURE(value);
    const LoadedConfig loaded = load(with(value));
    REQUIRE(loaded.errors.size() == 1);
    CHECK(loaded.errors[0].variable == "PROXY_MODEL_ALIASES");
    const std::string& message = loaded.errors[0].message;
    CHECK(message.starts_with("PROXY_MODEL_ALIASES: \""));
    CHECK(message.find(std::string("\" ") + problem + "; allowed: ") != std::string::npos);
  }
}

TEST_CASE("a resource or pool that is not there is named, with those that are") {
  CHECK(messages(load(with(R"({"a": [{"pool": "slow"}, {"resources": ["team-b"]}]})"))) ==
        "PROXY_MODEL_ALIASES: the alias \"a\" names the pool \"slow\", which is not there; "
        "allowed: fast, spare\n"
        "PROXY_MODEL_ALIASES: the alias \"a\" names the resource \"team-b\", which is not there; "
        "allowed: openai-2, team-a\n");
  CHECK(messages(load({{"PROXY_MODEL_ALIASES", R"({"a": {"pool": "fast"}})"}})) ==
        "PROXY_MODEL_ALIASES: the alias \"a\" names the pool \"fast\", which is not there; "
        "allowed: none, since no API key is set\n");
}

TEST_CASE("of a pool that was refused there is one error, not two") {
  Variables variables = with(R"({"a": {"pool": "slow"}})");
  variables["OPENAI_RESOURCE_POOL_IDS"] = "slow,not valid";
  const LoadedConfig loaded = load(variables);
  REQUIRE(loaded.errors.size() == 1);
  CHECK(loaded.errors[0].variable == "OPENAI_RESOURCE_POOL_IDS");
}

TEST_CASE("an unknown policy is told the known ones") {
  CHECK(load({}).config.balancing_policy == "weighted_least_connections");
  CHECK(load({{"PROXY_BALANCING_POLICY", "round_robin"}}).config.balancing_policy == "round_robin");
  CHECK(messages(load({{"PROXY_BALANCING_POLICY", "random"}})) ==
        "PROXY_BALANCING_POLICY: \"random\" is not one of the words; allowed: one of "
        "weighted_least_connections, round_robin\n");
}
