#include "registry/registry_editor.h"

#include <doctest/doctest.h>

#include "fakes/registry_rig.h"

namespace responses_proxy {

namespace {

using testing::alias_body;
using testing::kProviderKey;
using testing::message_of;
using testing::provider_body;
using testing::RegistryRig;
using testing::status_of;

struct Rig : RegistryRig {
  std::unique_ptr<Registry> registry = start();
  RegistryEditor editor{*registry};

  int put(const std::string& id, Json more = Json::object(), Conditions conditions = {}) {
    return status_of(editor.put_provider(provider_body(id, std::move(more)), conditions, "admin"));
  }
  int put_alias(const std::string& alias, const std::string& provider) {
    return status_of(editor.put_alias(alias_body(alias, provider), {}, "admin"));
  }
  std::int64_t revision(const std::string& id) const {
    return registry->view()->contents.providers.at(id).revision;
  }
};

}  // namespace

TEST_CASE("what is posted is made, and then replaced") {
  Rig rig;
  CHECK(rig.put("a") == 201);
  rig.clock.advance(Millis(1'000));
  CHECK(rig.put("a", {{"name", "A"}}) == 200);
  const auto& saved = rig.registry->view()->contents.providers.at("a");
  CHECK(saved.value.name == "A");
  CHECK(saved.updated_at - saved.created_at == Millis(1'000));
}

TEST_CASE("what is refused changes nothing") {
  Rig rig;
  const auto result = rig.editor.put_provider(Json{{"id", "a b"}, {"weight", 0}}, {}, "admin");
  CHECK(status_of(result) == 422);
  CHECK(message_of(result).find("id: must be") != std::string::npos);
  CHECK(std::get<Refusal>(result).fields.size() == 3);
  CHECK(std::get<Refusal>(result).error.param == "id");
  CHECK(rig.put_alias("x", "gone") == 422);
  CHECK(status_of(rig.editor.patch_provider("gone", Json::object(), {}, "admin")) == 404);
  CHECK(status_of(rig.editor.patch_alias("gone", Json::object(), {}, "admin")) == 404);
  CHECK(status_of(rig.editor.remove_provider("gone", true, {}, "admin")) == 404);
  CHECK(status_of(rig.editor.remove_alias("gone", {}, "admin")) == 404);
  CHECK(rig.store.version() == 0);
  CHECK(rig.store.audit(10).empty());
}

TEST_CASE("without an encryption key an inline key is a 400, in the known words") {
  RegistryRig rig;
  rig.options.keys.clear();
  const auto registry = rig.start();
  const auto result = RegistryEditor(*registry).put_provider(provider_body("a"), {}, "admin");
  CHECK(status_of(result) == 400);
  CHECK(message_of(result) == "Set PROXY_SECRET_ENCRYPTION_KEY before registering inline API keys");
}

TEST_CASE("a condition that does not hold is a 412") {
  Rig rig;
  CHECK(rig.put("a", Json::object(), {.revision = 1}) == 412);
  CHECK(rig.put("a", Json::object(), {.exists = true}) == 412);
  CHECK(rig.put("a", Json::object(), {.absent = true}) == 201);
  CHECK(rig.put("a", Json::object(), {.absent = true}) == 412);
  const std::int64_t first = rig.revision("a");
  CHECK(rig.put("a", {{"weight", 2}}, {.revision = first}) == 200);
  CHECK(rig.put("a", {{"weight", 3}}, {.revision = first}) == 412);
  CHECK(status_of(rig.editor.patch_provider("a", {{"weight", 3}}, {.revision = first}, "admin")) ==
        412);
  CHECK(status_of(rig.editor.remove_provider("a", false, {.revision = first}, "admin")) == 412);
  CHECK(rig.registry->view()->contents.providers.at("a").value.weight == 2);
  CHECK(status_of(rig.editor.remove_provider("a", false, {.revision = rig.revision("a")},
                                             "admin")) == 200);
}

TEST_CASE("a provider that aliases use goes with them or not at all") {
  Rig rig;
  rig.put("a");
  rig.put("b");
  rig.put_alias("only-a", "a");
  Json both = alias_body("both", "a");
  both = {{"alias", "both"},
          {"targets",
           {{{"provider_id", "a"}, {"upstream_id", "x"}},
            {{"provider_id", "b"}, {"upstream_id", "y"}}}}};
  REQUIRE(status_of(rig.editor.put_alias(both, {}, "admin")) == 201);
  const auto refused = rig.editor.remove_provider("a", false, {}, "admin");
  CHECK(status_of(refused) == 409);
  CHECK(message_of(refused).find("both, only-a") != std::string::npos);
  CHECK(status_of(rig.editor.remove_provider("a", true, {}, "admin")) == 200);
  const auto& contents = rig.registry->view()->contents;
  CHECK(contents.aliases.count("only-a") == 0);
  REQUIRE(contents.aliases.count("both") == 1);
  CHECK(contents.aliases.at("both").value.targets.size() == 1);
  CHECK(contents.aliases.at("both").value.targets[0].provider_id == "b");
}

TEST_CASE("a patch renames nothing") {
  Rig rig;
  rig.put("a");
  rig.put_alias("fast", "a");
  for (const auto& [result, field] :
       {std::pair(rig.editor.patch_provider("a", {{"id", "b"}}, {}, "admin"), "id"),
        std::pair(rig.editor.patch_alias("fast", {{"alias", "slow"}}, {}, "admin"), "alias")}) {
    CHECK(status_of(result) == 400);
    CHECK(std::get<Refusal>(result).error.param == field);
  }
  CHECK(status_of(rig.editor.patch_provider("a", {{"id", "a"}, {"weight", 2}}, {}, "admin")) ==
        200);
  CHECK(status_of(rig.editor.patch_alias("fast", {{"alias", "fast"}}, {}, "admin")) == 200);
}

TEST_CASE("every change is in the audit, and no secret is") {
  Rig rig;
  rig.put("a");
  rig.editor.patch_provider("a", {{"weight", 2}, {"api_key", "sk-another-secret-8888"}}, {},
                            "alice");
  rig.put_alias("x", "a");
  rig.editor.remove_provider("a", true, {}, "bob");
  const auto rows = rig.store.audit(10);
  REQUIRE(rows.size() == 5);
  CHECK(rows[4].action == "create");
  CHECK(rows[3].actor == "alice");
  CHECK(rows[3].details == R"({"fields":["weight","api_keys"]})");
  CHECK(rows[0].actor == "bob");
  for (const RegistryAudit& row : rows) {
    CHECK(row.at == rig.clock.wall());
    CHECK(row.details.find("secret") == std::string::npos);
    CHECK(row.details.find("7777") == std::string::npos);
  }
}

TEST_CASE("rotation: all keys are encrypted anew with the first one") {
  Rig rig;
  rig.put("a");
  const std::string old_key = rig.options.keys[0].reveal();
  const std::string new_key = base64(std::string(SecretBox::kKeyBytes, 'b'));
  rig.options.keys = {Secret(new_key), Secret(old_key)};
  std::vector<std::string> problems;
  CHECK(RegistryEditor(*rig.start()).reencrypt("rotation", problems) == 1);
  CHECK(RegistryEditor(*rig.start()).reencrypt("rotation", problems) == 0);
  CHECK(problems.empty());
  rig.options.keys = {Secret(new_key)};
  rig.start();
  CHECK(rig.resource_of("a")->credential.reveal() == kProviderKey);
  rig.options.keys = {Secret(old_key)};
  CHECK(RegistryEditor(*rig.start()).reencrypt("rotation", problems) == 0);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].find("provider a: its key was encrypted with another") != std::string::npos);
  CHECK(rig.resource_of("a") == nullptr);
}

TEST_CASE("a key that does not open makes its provider unavailable, and no other") {
  Rig rig;
  rig.put("a");
  rig.options.keys = {Secret(base64(std::string(SecretBox::kKeyBytes, 'b')))};
  const auto started = rig.start();
  CHECK(status_of(RegistryEditor(*started).put_provider(provider_body("b"), {}, "admin")) == 201);
  CHECK(rig.resource_of("a") == nullptr);
  CHECK(rig.resource_of("b") != nullptr);
  CHECK(started->view()->routing.problems.count("a") == 1);
}

TEST_CASE("nothing that is kept has a key in clear") {
  Rig rig;
  rig.put("a");
  for (const RegistryRow& row : rig.store.load().rows) {
    CHECK(row.document.find(kProviderKey) == std::string::npos);
  }
}

}  // namespace responses_proxy
