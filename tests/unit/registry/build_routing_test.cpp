#include "registry/build_routing.h"

#include <doctest/doctest.h>

#include "core/base64.h"
#include "fakes/manual_clock.h"
#include "responses_proxy/routing_table.h"

namespace responses_proxy {

namespace {

const SecretBox kBox({Secret(base64(std::string(SecretBox::kKeyBytes, 'a')))});

Provider provider(std::string id, std::vector<std::string> keys = {"sk-live-12345678"}) {
  Provider made;
  made.id = made.name = made.pool_id = id;
  made.base_url = "https://h/v1";
  for (const std::string& key : keys) made.keys.push_back({kBox.seal(Secret(key), id), "5678"});
  return made;
}

struct Rig {
  Rig() {
    rules.variable = [](const std::string& name) -> std::optional<std::string> {
      if (name == "KIMI_KEY") return "sk-from-variable\n";
      if (name == "EMPTY") return "";
      return std::nullopt;
    };
    rules.wire_apis = {"responses"};
  }
  void add(Provider one) { contents.providers[one.id].value = std::move(one); }
  void add(std::string alias, std::vector<AliasTarget> targets) {
    Alias& made = contents.aliases[alias].value;
    made.alias = made.display_name = alias;
    made.targets = std::move(targets);
  }
  BuiltRouting build() const { return build_routing(contents, rules); }
  std::string problem(const std::string& id) const { return build().problems[id]; }

  RegistryContents contents;
  RoutingRules rules{kBox, {}, {}};
};

}  // namespace

TEST_CASE("a provider becomes a resource for each of its keys") {
  Rig rig;
  Provider one = provider("kimi", {"sk-live-12345678", "sk-live-87654321"});
  one.name = "Kimi";
  one.weight = 2;
  one.pool_id = "fast";
  one.health_path.reset();
  rig.add(one);
  const BuiltRouting built = rig.build();
  REQUIRE(built.resources.size() == 2);
  const Resource& first = built.resources[0];
  CHECK(first.id.starts_with("kimi-"));
  CHECK(first.id.size() == std::string("kimi-").size() + 8);
  CHECK(first.id != built.resources[1].id);
  CHECK(first.name == "Kimi (1)");
  CHECK(first.provider_id == "kimi");
  CHECK(first.pool_id == "fast");
  CHECK(first.weight == 2);
  CHECK(first.credential.reveal() == "sk-live-12345678");
  CHECK(first.health_path == "");
  CHECK(first.registered);
  CHECK(built.problems.empty());
  CHECK(built.resource_ids.at("kimi") == std::vector<std::string>{first.id, built.resources[1].id});
}

TEST_CASE("an id stays with its account, whatever stands beside it") {
  const auto ids = [](std::vector<std::string> keys) {
    Rig rig;
    rig.add(provider("a", std::move(keys)));
    return rig.build().resource_ids["a"];
  };
  const auto both = ids({"sk-live-12345678", "sk-live-87654321"});
  CHECK(ids({"sk-live-87654321", "sk-live-12345678"}) ==
        std::vector<std::string>{both[1], both[0]});
  CHECK(ids({"sk-live-87654321"}) == std::vector<std::string>{both[1]});
}

TEST_CASE("behind a reference there is one resource, called as the provider") {
  Rig rig;
  Provider one = provider("kimi", {});
  one.credential_ref = "env:KIMI_KEY";
  rig.add(one);
  REQUIRE(rig.build().resources.size() == 1);
  CHECK(rig.build().resources[0].id == "kimi");
  CHECK(rig.build().resources[0].credential.reveal() == "sk-from-variable");
  one.credential_ref = "env:GONE";
  rig.add(one);
  CHECK(rig.build().resources.empty());
  CHECK(rig.problem("kimi") == "the variable GONE is not set");
  one.credential_ref = "env:EMPTY";
  rig.add(one);
  CHECK(rig.problem("kimi").starts_with("the variable EMPTY holds no key"));
  one.credential_ref = "file:/gone/key";
  rig.add(one);
  CHECK(rig.problem("kimi") == "the file /gone/key cannot be read: No such file or directory");
  CHECK(rig.build().files.at("/gone/key").empty());
}

TEST_CASE("how a credential, headers and query go up") {
  Rig rig;
  Provider one = provider("a");
  one.auth_type = "api_key";
  one.auth_header = "api-key";
  one.config = {{"headers", {{"X-A", "1"}}},
                {"query", {{"api-version", "2026/1"}, {"b", "x"}}},
                {"endpoint_path", "chat/completions"},
                {"dialect", {{"preset", "kimi"}, {"sampling", false}}},
                {"websocket", false},
                {"http2", true}};
  rig.add(one);
  const Resource made = rig.build().resources.at(0);
  CHECK(made.auth.kind == AuthKind::header);
  CHECK(made.auth.name == "api-key");
  CHECK(made.headers.get("x-a") == "1");
  CHECK(made.query == "api-version=2026%2F1&b=x");
  CHECK_FALSE(made.websocket);
  CHECK(made.http2);
  CHECK(Json::parse(made.dialect_config) ==
        Json{{"preset", "kimi"}, {"endpoint_path", "chat/completions"}, {"sampling", false}});
  one.auth_type = "none";
  one.keys.clear();
  rig.add(one);
  CHECK(rig.build().resources.at(0).auth.kind == AuthKind::none);
  CHECK(rig.build().resources.at(0).id == "a");
}

TEST_CASE("what cannot be used is left out, and why is told") {
  Rig rig;
  Provider off = provider("off");
  off.enabled = false;
  rig.add(off);
  Provider custom = provider("custom");
  custom.wire_api = "custom";
  rig.add(custom);
  Provider foreign = provider("foreign");
  foreign.wire_api = "chat_completions";
  rig.add(foreign);
  rig.add(provider("keyless", {}));
  Provider moved = provider("moved");
  moved.keys = provider("other").keys;
  rig.add(moved);
  const BuiltRouting built = rig.build();
  CHECK(built.resources.empty());
  CHECK(built.problems.at("off") == "it is disabled");
  CHECK(built.problems.at("custom") ==
        "wire_api=\"custom\" providers are stored but not routable until a custom adapter exists.");
  CHECK(built.problems.at("foreign").find("wire_api=\"chat_completions\"") != std::string::npos);
  CHECK(built.problems.at("keyless").find("no credential") != std::string::npos);
  CHECK(built.problems.at("moved").find("belongs to another record") != std::string::npos);
  rig.rules.wire_apis = {"responses", "chat_completions"};
  CHECK(rig.build().resources.size() == 1);
  // A host has the adapter.
  rig.rules.wire_apis = {"responses", "custom"};
  REQUIRE(rig.build().resources.size() == 1);
  CHECK(rig.build().resources[0].wire_api == "custom");
}

TEST_CASE("keys that open serve, beside one that does not") {
  Rig rig;
  Provider one = provider("a", {"sk-live-12345678", "sk-live-87654321"});
  one.keys[0].sealed = "v1:00000000:AAAA";
  rig.add(one);
  CHECK(rig.build().resources.size() == 1);
  CHECK(rig.build().resources[0].name == "a");
  CHECK_FALSE(rig.problem("a").empty());
}

TEST_CASE("private addresses are left out where they are forbidden") {
  Rig rig;
  Provider one = provider("a");
  one.base_url = "http://127.0.0.1:9/v1";
  rig.add(one);
  CHECK(rig.build().resources.size() == 1);
  rig.rules.allow_private_upstreams = false;
  CHECK(rig.build().resources.empty());
  CHECK(rig.problem("a").find("PROXY_ALLOW_PRIVATE_UPSTREAMS") != std::string::npos);
}

TEST_CASE("an alias goes to its targets, with weight and priority") {
  Rig rig;
  rig.add(provider("a"));
  rig.add(provider("b"));
  rig.add("best", {{"a", "model-a", 3, 0}, {"b", "model-b", 1, 2}});
  rig.contents.aliases["best"].value.capabilities = {{"vision", true}};
  BuiltRouting built = rig.build();
  testing::ManualClock clock;
  const auto store = make_memory_state_store(clock);
  const RoutingTable table(std::move(built.resources), std::move(built.aliases), *store);
  const auto& targets = *table.alias("best");
  REQUIRE(targets.size() == 2);
  CHECK(targets[0].model == "model-a");
  CHECK(targets[0].weight == 3);
  CHECK(targets[1].priority == 2);
  CHECK(targets[1].capabilities == R"({"vision":true})");
  CHECK(table.describe("best")->unavailable.empty());
}

TEST_CASE("an alias without a target says why") {
  Rig rig;
  Provider custom = provider("custom");
  custom.wire_api = "custom";
  rig.add(custom);
  Provider off = provider("off");
  off.enabled = false;
  rig.add(off);
  rig.add("limited", {{"custom", "m"}});
  rig.add("mixed", {{"custom", "m"}, {"off", "m"}, {"gone", "m"}});
  rig.add("disabled", {{"off", "m"}});
  rig.contents.aliases["disabled"].value.enabled = false;
  const BuiltRouting built = rig.build();
  REQUIRE(built.aliases.size() == 2);
  CHECK(built.aliases[0].limit.find("custom adapter") != std::string::npos);
  CHECK(built.aliases[1].limit.empty());
  CHECK(built.aliases[1].unavailable.find("provider off: it is disabled") != std::string::npos);
  CHECK(built.aliases[1].unavailable.find("provider gone: it is not registered") !=
        std::string::npos);
}

TEST_CASE("a record of another version that is not understood gets no requests") {
  Rig rig;
  Provider odd = provider("odd");
  odd.auth_type = "signature";  // as a bearer it would be sent in clear
  rig.add(odd);
  Provider nowhere = provider("nowhere");
  nowhere.base_url.clear();
  rig.add(nowhere);
  CHECK(rig.build().resources.empty());
  CHECK(rig.problem("odd") == R"(auth_type="signature" is not known to this version)");
  CHECK(rig.problem("nowhere") == "its stored base_url is none that this version takes");
}

}  // namespace responses_proxy
