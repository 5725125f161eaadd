#include "registry/registry.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "fakes/registry_rig.h"

namespace responses_proxy {

using testing::alias_body;
using testing::kProviderKey;
using testing::provider_body;
using testing::RegistryRig;
using testing::status_of;

TEST_CASE("a change is published before it returns") {
  RegistryRig rig;
  Resource own;
  own.id = "openai-1";
  rig.options.resources = {own};
  rig.options.aliases = {{"env", {}}};
  const auto registry = rig.start();
  CHECK(rig.resources.size() == 1);
  RegistryEditor editor(*registry);
  REQUIRE(status_of(editor.put_provider(provider_body("kimi"), {}, "admin")) == 201);
  REQUIRE(rig.resource_of("kimi") != nullptr);
  CHECK(rig.resource_of("kimi")->credential.reveal() == kProviderKey);
  CHECK(rig.resources.size() == 2);
  REQUIRE(status_of(editor.put_alias(alias_body("kimi/k2", "kimi"), {}, "admin")) == 201);
  REQUIRE(rig.aliases.size() == 2);
  CHECK(rig.aliases[1].name == "kimi/k2");
  CHECK(registry->view()->contents.version == 2);
}

TEST_CASE("another replica's changes are seen with the next refresh, and cost a look only") {
  RegistryRig rig;
  const auto here = rig.start();
  const auto there = rig.start();
  REQUIRE(status_of(RegistryEditor(*there).put_provider(provider_body("kimi"), {}, "admin")) ==
          201);
  const int published = rig.published;
  here->refresh();
  CHECK(here->view()->contents.providers.count("kimi") == 1);
  CHECK(rig.published == published + 1);
  here->refresh();
  CHECK(rig.published == published + 1);
}

TEST_CASE("a change is worked out over what other replicas have changed") {
  RegistryRig rig;
  const auto here = rig.start();
  const auto there = rig.start();
  REQUIRE(status_of(RegistryEditor(*there).put_provider(provider_body("kimi"), {}, "admin")) ==
          201);
  // `here` has not looked since.
  CHECK(status_of(RegistryEditor(*here).put_alias(alias_body("k", "kimi"), {}, "admin")) == 201);
  CHECK(status_of(RegistryEditor(*there).remove_provider("kimi", false, {}, "admin")) == 409);
}

TEST_CASE("a change that somebody was faster than is planned anew") {
  RegistryRig rig;
  const auto here = rig.start();
  const auto there = rig.start();
  int planned = 0;
  const auto refusal = here->change(
      [&](const RegistryContents& contents) {
        ++planned;
        if (planned == 1) {
          RegistryEditor(*there).put_provider(provider_body("kimi"), {}, "admin");
        } else {
          CHECK(contents.providers.count("kimi") == 1);
        }
        return std::vector<RegistryEdit>{
            {RegistryAction::create, {RegistryKind::alias, "a", 0, {}, {}, "{}"}, "{}"}};
      },
      "admin");
  CHECK_FALSE(refusal);
  CHECK(planned == 2);
  CHECK(rig.store.load().rows.size() == 2);
}

TEST_CASE("what was registered is served though the database is away at the start") {
  RegistryRig rig;
  REQUIRE(
      status_of(RegistryEditor(*rig.start()).put_provider(provider_body("kimi"), {}, "admin")) ==
      201);
  // Another process, whose database has no tables of ours: every question fails.
  rig.database->write([](SqlConnection& connection) {
    for (const char* table : {"registry_version", "registry_providers"}) {
      connection.execute("ALTER TABLE " + std::string(table) + " RENAME TO hidden_" + table);
    }
  });
  rig.resources.clear();
  const auto started = rig.start();
  REQUIRE(rig.resource_of("kimi") != nullptr);
  CHECK(rig.resource_of("kimi")->credential.reveal() == kProviderKey);
  CHECK(rig.log.back().starts_with("registry"));
  started->refresh();
  CHECK(rig.resource_of("kimi") != nullptr);
  rig.database->write([](SqlConnection& connection) {
    for (const char* table : {"registry_version", "registry_providers"}) {
      connection.execute("ALTER TABLE hidden_" + std::string(table) + " RENAME TO " + table);
    }
  });
  CHECK(status_of(RegistryEditor(*started).remove_provider("kimi", false, {}, "admin")) == 200);
  CHECK(rig.resource_of("kimi") == nullptr);
}

TEST_CASE("what is kept on disk is for its owner only, and has no key in clear") {
  RegistryRig rig;
  rig.start();
  CHECK_FALSE(std::filesystem::exists(rig.options.cache_path));  // nothing is registered
  REQUIRE(
      status_of(RegistryEditor(*rig.start()).put_provider(provider_body("kimi"), {}, "admin")) ==
      201);
  std::ifstream file(rig.options.cache_path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  CHECK(text.find("kimi") != std::string::npos);
  CHECK(text.find(kProviderKey) == std::string::npos);
  const auto permissions = std::filesystem::status(rig.options.cache_path).permissions();
  CHECK((permissions & std::filesystem::perms::others_all) == std::filesystem::perms::none);
  CHECK((permissions & std::filesystem::perms::group_all) == std::filesystem::perms::none);
}

TEST_CASE("a damaged file of the last rows is as good as none") {
  RegistryRig rig;
  rig.database->write([](SqlConnection& connection) {
    connection.execute("ALTER TABLE registry_version RENAME TO hidden");
  });
  for (const char* text :
       {"", "{", "[]", R"({"format":2})", R"({"format":1,"version":1,"rows":[1]})"}) {
    rig.write("routing.json", text);
    CHECK(rig.start()->view()->contents.providers.empty());
  }
}

TEST_CASE("a file has providers and aliases, and SQL comes before it") {
  RegistryRig rig;
  rig.options.file = rig.path("registry.json");
  rig.variables["KIMI_KEY"] = "sk-from-variable";
  rig.write(
      "registry.json",
      R"({"providers":[{"id":"kimi","base_url":"https://file/v1","credential_ref":"env:KIMI_KEY"}],
                "models":[{"alias":"kimi/k2","provider_id":"kimi","upstream_id":"k2"}]})");
  const auto registry = rig.start();
  REQUIRE(rig.resource_of("kimi") != nullptr);
  CHECK(rig.resource_of("kimi")->base_url == "https://file/v1");
  CHECK(rig.aliases.size() == 1);
  RegistryEditor editor(*registry);
  CHECK(status_of(editor.patch_provider("kimi", {{"weight", 2}}, {}, "admin")) == 409);
  CHECK(status_of(editor.remove_alias("kimi/k2", {}, "admin")) == 409);
  CHECK(status_of(editor.put_provider(provider_body("kimi"), {}, "admin")) == 200);
  CHECK(rig.resource_of("kimi")->base_url == "https://kimi.test/v1");
  // What the file has below it takes its place: nothing that names it loses it.
  CHECK(status_of(editor.put_alias(alias_body("mine", "kimi"), {}, "admin")) == 201);
  CHECK(status_of(editor.remove_provider("kimi", false, {}, "admin")) == 200);
  CHECK(rig.resource_of("kimi")->base_url == "https://file/v1");
  CHECK(status_of(editor.put_provider(provider_body("kimi"), {}, "admin")) == 200);
  CHECK(status_of(editor.remove_provider("kimi", true, {}, "admin")) == 200);
  CHECK(rig.resource_of("kimi")->base_url == "https://file/v1");
  CHECK(registry->view()->contents.aliases.count("mine") == 1);
  CHECK(status_of(editor.remove_alias("mine", {}, "admin")) == 200);

  rig.write("registry.json", R"({"providers":[{"id":"other","base_url":"https://other/v1"}]})");
  registry->refresh();
  CHECK(registry->view()->contents.providers.count("other") == 1);
  CHECK(registry->view()->contents.providers.count("kimi") == 0);
  rig.write("registry.json",
            R"({"providers":[{"id":"other","base_url":"https://other/v1"}],
                "models":[{"alias":"kimi/k2","provider_id":"kimi","upstream_id":"k2"},
                          {"alias":"off","provider_id":"x","upstream_id":"x","enabled":false}]})");
  registry->refresh();
  CHECK(rig.log.back() ==
        "provider_unavailable: provider kimi gets no requests: it is not registered, and the alias "
        "kimi/k2 names it");
  CHECK(registry->view()->routing.problems.count("x") == 0);
  rig.write("registry.json", "{ not JSON");
  registry->refresh();
  CHECK(registry->view()->contents.providers.count("other") == 1);
  CHECK(registry->reload().find("PROXY_REGISTRY_FILE") != std::string::npos);
  CHECK_THROWS_AS(rig.start(), StorageError);
}

TEST_CASE("aliases of the file stay when their provider goes from the database") {
  RegistryRig rig;
  rig.options.file = rig.path("registry.json");
  rig.write("registry.json",
            R"({"models":[{"alias":"of-file","provider_id":"kimi","upstream_id":"k2"}]})");
  const auto registry = rig.start();
  RegistryEditor editor(*registry);
  CHECK(status_of(editor.put_provider(provider_body("kimi"), {}, "admin")) == 201);
  CHECK(status_of(editor.put_alias(alias_body("mine", "kimi"), {}, "admin")) == 201);
  const auto refused = editor.remove_provider("kimi", false, {}, "admin");
  CHECK(status_of(refused) == 409);
  CHECK(std::get<Refusal>(refused).error.message.find(
            "Those of PROXY_REGISTRY_FILE (of-file) stay") != std::string::npos);
  CHECK(status_of(editor.remove_provider("kimi", true, {}, "admin")) == 200);
  CHECK(registry->view()->contents.aliases.count("of-file") == 1);
  CHECK(registry->view()->contents.aliases.count("mine") == 0);
}

TEST_CASE("a database that has gone back is served, and told of") {
  RegistryRig rig;
  const auto registry = rig.start();
  RegistryEditor editor(*registry);
  CHECK(status_of(editor.put_provider(provider_body("kimi"), {}, "admin")) == 201);
  rig.database->write([](SqlConnection& connection) {
    connection.execute("UPDATE registry_version SET version = 0");
  });
  registry->refresh();
  CHECK(std::any_of(rig.log.begin(), rig.log.end(), [](const std::string& line) {
    return line.starts_with("registry_step_back: registry: the database has gone back from");
  }));
}

TEST_CASE("the file of a reference is read again when it has changed") {
  RegistryRig rig;
  rig.write("key", "sk-first-12345\n");
  const auto registry = rig.start();
  Json body = provider_body("kimi");
  body.erase("api_key");
  body["credential_ref"] = "file:" + rig.path("key");
  REQUIRE(status_of(RegistryEditor(*registry).put_provider(body, {}, "admin")) == 201);
  CHECK(rig.resource_of("kimi")->credential.reveal() == "sk-first-12345");
  rig.write("key", "sk-second-123456\n");
  registry->refresh();
  CHECK(rig.resource_of("kimi")->credential.reveal() == "sk-second-123456");
  std::filesystem::remove(rig.path("key"));
  registry->refresh();
  CHECK(rig.resource_of("kimi") == nullptr);
  CHECK(rig.log.back().find("cannot be read") != std::string::npos);
}

TEST_CASE("whoever wants to know is told of the changes of this process") {
  RegistryRig rig;
  const auto registry = rig.start();
  std::vector<std::int64_t> told;
  registry->on_change([&](std::int64_t version) { told.push_back(version); });
  RegistryEditor editor(*registry);
  editor.put_provider(provider_body("kimi"), {}, "admin");
  editor.put_provider(Json{{"id", "bad"}}, {}, "admin");
  registry->refresh();
  CHECK(told == std::vector<std::int64_t>{1});
}

TEST_CASE("a change that cannot be read back is told as not served yet") {
  RegistryRig rig;
  const auto registry = rig.start();
  std::vector<std::int64_t> told;
  registry->on_change([&](std::int64_t version) { told.push_back(version); });
  const auto change = [&] {
    registry->change(
        [&](const RegistryContents&) {
          rig.database->write([](SqlConnection& connection) {
            connection.execute("ALTER TABLE registry_aliases RENAME TO hidden");
          });
          return std::vector<RegistryEdit>{
              {RegistryAction::create, {RegistryKind::provider, "a", 0, {}, {}, "{}"}, "{}"}};
        },
        "admin");
  };
  CHECK_THROWS_AS(change(), StorageError);
  CHECK(told == std::vector<std::int64_t>{1});
  CHECK(registry->view()->contents.providers.empty());
  CHECK_FALSE(registry->problems().database.empty());
  rig.database->write([](SqlConnection& connection) {
    connection.execute("ALTER TABLE hidden RENAME TO registry_aliases");
  });
  registry->refresh();
  CHECK(registry->view()->contents.providers.count("a") == 1);
  CHECK(registry->problems() == RegistryProblems{});
}

TEST_CASE("a file that is wrong is told once, until it is mended, and changes nothing") {
  RegistryRig rig;
  rig.options.file = rig.path("registry.json");
  const auto write = [&](const std::string& url) {
    rig.write("registry.json",
              R"({"providers":[{"id":"a","auth_type":"none","base_url":")" + url + R"("}]})");
  };
  const auto lines = [&] {
    std::vector<std::string> of_file;
    for (const std::string& line : rig.log) {
      if (line.starts_with("registry_file: ")) of_file.push_back(line);
    }
    return of_file;
  };
  write("https://one/v1");
  const auto registry = rig.start();
  CHECK(registry->problems().file.empty());
  write("ftp://two");
  registry->refresh();
  CHECK(registry->problems().file.find("providers[0].base_url: ") != std::string::npos);
  CHECK(rig.resource_of("a")->base_url == "https://one/v1");
  registry->refresh();
  CHECK_FALSE(registry->reload().empty());
  REQUIRE(lines().size() == 1);
  CHECK(lines()[0].find("providers[0].base_url: ") != std::string::npos);
  CHECK(lines()[0].ends_with("; what it said before goes on"));
  write("https://three/v1");
  registry->refresh();
  CHECK(registry->problems().file.empty());
  CHECK(rig.resource_of("a")->base_url == "https://three/v1");
  REQUIRE(lines().size() == 2);
  CHECK(lines()[1].ends_with("registry.json is read again"));
  std::filesystem::remove(rig.options.file);
  registry->refresh();
  CHECK(registry->problems().file.find("cannot be read") != std::string::npos);
  CHECK(rig.resource_of("a") != nullptr);
}

TEST_CASE("a view counts the providers that are on and get no requests") {
  RegistryRig rig;
  const auto registry = rig.start();
  RegistryEditor editor(*registry);
  editor.put_provider(provider_body("good"), {}, "admin");
  editor.put_provider(provider_body("off", {{"enabled", false}}), {}, "admin");
  editor.put_provider(provider_body("custom", {{"wire_api", "custom"}}), {}, "admin");
  CHECK(registry->view()->unavailable() == 1);
}

}  // namespace responses_proxy
