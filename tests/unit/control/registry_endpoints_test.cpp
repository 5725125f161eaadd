#include <doctest/doctest.h>

#include <set>

#include "unit/control/registry_fixture.h"

namespace responses_proxy::testing {

namespace {

std::vector<std::string> names(const Json& list, const char* key) {
  std::vector<std::string> all;
  for (const Json& row : list["data"]) all.push_back(row[key].get<std::string>());
  return all;
}
using Names = std::vector<std::string>;

std::set<std::string> fields(const Json& answer) {
  std::set<std::string> all;
  for (const Json& error : answer["errors"]) all.insert(error["field"].get<std::string>());
  return all;
}

}  // namespace

TEST_CASE_FIXTURE(RegistryFixture, "a provider is made, shown, changed and deleted") {
  start();
  const auto answer = send_body("POST", "/admin/providers", R"({
    "id": "kimi-main", "name": "Kimi Main", "provider_type": "custom",
    "base_url": "https://api.moonshot.ai/v1", "wire_api": "chat_completions",
    "auth_type": "bearer", "api_key": "replace-with-provider-key",
    "config": {"endpoint_path": "chat/completions"}})");
  CHECK(answer.status == 201);
  const Json provider = Json::parse(answer.body);
  CHECK(provider["id"] == "kimi-main");
  CHECK(provider["api_key_last4"] == "-key");
  CHECK(provider["routable"] == true);
  CHECK(provider["source"] == "database");
  CHECK(provider["resource_ids"].size() == 1);
  CHECK_FALSE(provider.contains("api_key"));
  CHECK(answer.body.find("replace-with") == std::string::npos);
  CHECK(rig.resource_of("kimi-main") != nullptr);

  const auto shown = get("/admin/providers/kimi-main");
  CHECK(Json::parse(shown.body) == provider);
  CHECK(shown.get_header_value("ETag") == "\"1\"");
  CHECK(get_json("/admin/providers")["data"] == Json::array({provider}));

  const auto changed = send_body("PATCH", "/admin/providers/kimi-main", R"({"weight": 2})");
  CHECK(changed.status == 200);
  CHECK(changed.get_header_value("ETag") == "\"2\"");
  CHECK(Json::parse(changed.body)["weight"] == 2);
  CHECK(rig.resource_of("kimi-main")->weight == 2);

  CHECK(send_body("POST", "/admin/providers", R"({"id":"kimi-main","base_url":"https://h"})")
            .status == 200);
  const auto deleted = send("DELETE", "/admin/providers/kimi-main");
  CHECK(deleted.status == 200);
  CHECK(Json::parse(deleted.body) ==
        Json{{"id", "kimi-main"}, {"object", "provider.deleted"}, {"deleted", true}});
  CHECK(get("/admin/providers/kimi-main").status == 404);
  CHECK(error_of(get("/admin/providers/kimi-main"))["code"] == "provider_not_found");
  CHECK(rig.resource_of("kimi-main") == nullptr);
}

TEST_CASE_FIXTURE(RegistryFixture, "aliases have slashes in their names") {
  start();
  send_json("POST", "/admin/providers", provider_body("kimi-main"));
  CHECK(send_body("POST", "/admin/models",
                  R"({"alias":"kimi/k2","provider_id":"kimi-main","upstream_id":"kimi-k2.6"})")
            .status == 201);
  for (const char* path : {"/admin/models/kimi/k2", "/admin/models/kimi%2Fk2"}) {
    CHECK(get_json(path)["upstream_id"] == "kimi-k2.6");
  }
  CHECK(get_json("/admin/models/kimi/k2")["targets"].size() == 1);
  CHECK(send_body("PATCH", "/admin/models/kimi/k2", R"({"enabled":false})").status == 200);
  CHECK(rig.aliases.empty());
  CHECK(send("DELETE", "/admin/models/kimi/k2").status == 200);
  CHECK(error_of(send("DELETE", "/admin/models/kimi/k2"))["code"] == "model_not_found");
  // A name that is also a path of its own.
  send_json("POST", "/admin/models", alias_body("test", "kimi-main"));
  CHECK(get_json("/admin/models/test")["alias"] == "test");
}

TEST_CASE_FIXTURE(RegistryFixture, "all fields that are wrong are named, in one answer") {
  start();
  const auto refused = send_body("POST", "/admin/providers",
                                 R"({"id":"a b","base_url":"h","weight":-1,"api_key":7})");
  CHECK(refused.status == 422);
  const Json answer = Json::parse(refused.body);
  CHECK(answer["error"]["code"] == "validation_failed");
  CHECK(answer["error"]["param"] == "id");
  CHECK(fields(answer) == std::set<std::string>{"id", "base_url", "weight", "api_key"});
  CHECK(send_body("POST", "/admin/models", R"({"alias":"x"})").status == 422);
  for (const char* body : {"", "[]", "{", "\"a\""}) {
    const auto broken = send_body("POST", "/admin/providers", body);
    CHECK(broken.status == 400);
    CHECK(error_of(broken)["code"] == "invalid_json");
  }
  CHECK(rig.store.version() == 0);
}

TEST_CASE_FIXTURE(RegistryFixture, "what an answer left out is told in it") {
  start();
  Json body = provider_body("openrouter-main");
  body["upstream_id_example"] = "replace-with-openrouter-model-id";
  const Json answer = send_json("POST", "/admin/providers", body);
  CHECK(answer["warnings"] ==
        Json::array({"upstream_id_example is not known here and was left out"}));
  CHECK_FALSE(get_json("/admin/providers/openrouter-main").contains("warnings"));
}

TEST_CASE("without an encryption key an inline key is refused, a reference is not") {
  RegistryFixture f;
  f.rig.options.keys.clear();
  f.made = f.rig.start();
  f.registry = f.made.get();
  f.start();
  const auto refused = f.send_body("POST", "/admin/providers", provider_body("a").dump());
  CHECK(refused.status == 400);
  CHECK(error_of(refused)["message"] ==
        "Set PROXY_SECRET_ENCRYPTION_KEY before registering inline API keys");
  CHECK(refused.body.find(kProviderKey) == std::string::npos);
  CHECK(f.send_body("POST", "/admin/providers",
                    R"({"id":"a","base_url":"https://h","credential_ref":"env:KEY"})")
            .status == 201);
}

TEST_CASE_FIXTURE(RegistryFixture, "an old ETag changes nothing") {
  start();
  send_json("POST", "/admin/providers", provider_body("a"));
  const auto conditional = [&](const char* method, const char* match) {
    return send_body(method, "/admin/providers/a", R"({"weight":2})", {{"If-Match", match}}).status;
  };
  CHECK(conditional("PATCH", "\"9\"") == 412);
  CHECK(conditional("PATCH", "W/\"1\"") == 400);
  CHECK(conditional("PATCH", "\"1\"") == 200);
  CHECK(conditional("PATCH", "\"1\"") == 412);
  CHECK(conditional("DELETE", "\"1\"") == 412);
  CHECK(conditional("DELETE", "*") == 200);
  CHECK(send_body("POST", "/admin/providers", provider_body("b").dump(), {{"If-None-Match", "*"}})
            .status == 201);
  CHECK(send_body("POST", "/admin/providers", provider_body("b").dump(), {{"If-None-Match", "*"}})
            .status == 412);
}

TEST_CASE_FIXTURE(RegistryFixture, "a provider that is used is not deleted, but for cascade=true") {
  start();
  send_json("POST", "/admin/providers", provider_body("a"));
  send_json("POST", "/admin/models", alias_body("x/y", "a"));
  const auto refused = send("DELETE", "/admin/providers/a");
  CHECK(refused.status == 409);
  CHECK(error_of(refused)["code"] == "provider_in_use");
  CHECK(error_of(refused)["message"].get<std::string>().find("x/y") != std::string::npos);
  const auto unclear = send("DELETE", "/admin/providers/a?cascade=yes");
  CHECK(unclear.status == 400);
  CHECK(error_of(unclear)["param"] == "cascade");
  CHECK(send("DELETE", "/admin/providers/a?cascade=false").status == 409);
  CHECK(send("DELETE", "/admin/providers/a?cascade=true").status == 200);
  CHECK(get("/admin/models/x/y").status == 404);
}

TEST_CASE_FIXTURE(RegistryFixture, "state and metrics say whether the registry is up to date") {
  start();
  send_json("POST", "/admin/providers", provider_body("a"));
  send_json("POST", "/admin/providers", provider_body("b", {{"wire_api", "custom"}}));
  CHECK(get_json("/admin/state")["registry"] == Json{{"version", 2},
                                                     {"providers", 2},
                                                     {"models", 0},
                                                     {"unavailable", 1},
                                                     {"database_problem", nullptr},
                                                     {"file_problem", nullptr}});
  const std::string good = get("/metrics").body;
  CHECK(good.find("rp_registry_up{source=\"database\"} 1\n") != std::string::npos);
  CHECK(good.find("rp_registry_up{source=\"file\"} 1\n") != std::string::npos);
  CHECK(good.find("rp_registry_version 2\n") != std::string::npos);
  CHECK(good.find("rp_registry_unavailable 1\n") != std::string::npos);
  rig.database->write([](SqlConnection& connection) {
    connection.execute("ALTER TABLE registry_version RENAME TO hidden");
  });
  registry->refresh();
  CHECK(get_json("/admin/state")["registry"]["database_problem"].is_string());
  CHECK(get("/metrics").body.find("rp_registry_up{source=\"database\"} 0\n") != std::string::npos);
}

TEST_CASE("state and metrics say what is wrong with the registry file") {
  RegistryFixture f;
  f.rig.options.file = f.rig.path("registry.json");
  f.rig.write("registry.json", "{}");
  f.made = f.rig.start();
  f.registry = f.made.get();
  f.start();
  f.rig.write("registry.json", R"({"models":[{"alias":"a b"}]})");
  CHECK(f.send("POST", "/admin/routing/reload").status == 503);
  const std::string problem = f.get_json("/admin/state")["registry"]["file_problem"];
  CHECK(problem.find("models[0].alias: must be") != std::string::npos);
  CHECK(f.get("/metrics").body.find("rp_registry_up{source=\"file\"} 0\n") != std::string::npos);
}

TEST_CASE_FIXTURE(RegistryFixture, "lists come newest first, page by page, with filters") {
  start();
  for (const char* id : {"a", "b", "c"}) {
    send_json("POST", "/admin/providers", provider_body(id));
    send_json("POST", "/admin/models", alias_body(std::string("m/") + id, id));
    rig.clock.advance(Millis(1'000));
  }
  send_body("PATCH", "/admin/providers/b", R"({"enabled":false})");
  CHECK(names(get_json("/admin/providers"), "id") == Names{"c", "b", "a"});
  const Json first = get_json("/admin/providers?limit=2");
  CHECK(names(first, "id") == Names{"c", "b"});
  const std::string cursor = first["next_cursor"];
  const Json second = get_json("/admin/providers?limit=2&cursor=" + cursor);
  CHECK(names(second, "id") == Names{"a"});
  CHECK(second["next_cursor"] == nullptr);
  for (const char* other : {"/admin/models?limit=2", "/admin/providers?enabled=true"}) {
    const auto response = get(std::string(other) + "&cursor=" + cursor);
    CHECK(response.status == 400);
    CHECK(error_of(response)["param"] == "cursor");
  }
  CHECK(names(get_json("/admin/providers?enabled=false"), "id") == Names{"b"});
  CHECK(names(get_json("/admin/models?provider_id=a"), "alias") == Names{"m/a"});
  for (const char* query : {"limit=0", "limit=x", "enabled=yes", "cursor=%21", "provider_id=a",
                            "q=1", "limit=1&limit=2"}) {
    CAPTURE(query);
    CHECK(get(std::string("/admin/providers?") + query).status == 400);
  }
}

TEST_CASE_FIXTURE(RegistryFixture, "with a token the registry needs it, whatever is asked") {
  config.admin_token = Secret("correct-horse-battery");
  start();
  const httplib::Headers right{{"Authorization", "Bearer correct-horse-battery"}};
  struct {
    const char* method;
    const char* path;
  } const calls[] = {{"GET", "/admin/providers"},        {"POST", "/admin/providers"},
                     {"GET", "/admin/providers/a"},      {"PATCH", "/admin/providers/a"},
                     {"DELETE", "/admin/providers/a"},   {"POST", "/admin/providers/test"},
                     {"GET", "/admin/models"},           {"POST", "/admin/models"},
                     {"GET", "/admin/models/a/b"},       {"PATCH", "/admin/models/a/b"},
                     {"DELETE", "/admin/models/a/b"},    {"POST", "/admin/models/test"},
                     {"GET", "/admin/provider-presets"}, {"POST", "/admin/routing/reload"}};
  for (const auto& [method, path] : calls) {
    CAPTURE(method);
    CAPTURE(path);
    CHECK(send(method, path).status == 401);
    CHECK(send(method, path, {{"Authorization", "Bearer correct-horse-batterx"}}).status == 401);
    CHECK(send(method, path, right).status != 401);
  }
  send_body("POST", "/admin/providers", provider_body("a").dump(), right);
  CHECK(rig.store.audit(1).at(0).actor == "admin");
  CHECK(get("/admin/state").status == 200);
}

TEST_CASE_FIXTURE(RegistryFixture,
                  "the database away: what is served is shown, and no change is made") {
  start();
  send_json("POST", "/admin/providers", provider_body("a"));
  rig.database->write([](SqlConnection& connection) {
    connection.execute("ALTER TABLE registry_version RENAME TO hidden");
  });
  CHECK(names(get_json("/admin/providers"), "id") == Names{"a"});
  const auto refused = send_body("POST", "/admin/providers", provider_body("b").dump());
  CHECK(refused.status == 503);
  CHECK(error_of(refused)["code"] == "database_unavailable");
  CHECK(send("POST", "/admin/routing/reload").status == 503);
}

TEST_CASE_FIXTURE(RegistryFixture, "reload reads again, and says what is routed to") {
  start();
  const auto there = rig.start();
  RegistryEditor(*there).put_provider(provider_body("a"), {}, "admin");
  Json body = provider_body("b");
  body["wire_api"] = "custom";
  RegistryEditor(*there).put_provider(body, {}, "admin");
  const Json answer = Json::parse(send("POST", "/admin/routing/reload").body);
  CHECK(answer["status"] == "reloaded");
  CHECK(answer["providers"] == 2);
  CHECK(answer["resources"] == 1);
  CHECK(answer["unavailable"]["b"].get<std::string>().find("custom adapter") != std::string::npos);
}

TEST_CASE_FIXTURE(RegistryFixture, "presets have what a provider can have, and can be registered") {
  start();
  const Json answer_of_presets = get_json("/admin/provider-presets");
  CHECK(answer_of_presets["wire_apis"] ==
        Json{"responses", "chat_completions", "anthropic_messages", "custom"});
  const Json& presets = answer_of_presets["data"];
  std::set<std::string> ids;
  for (const Json& preset : presets) {
    ids.insert(preset["id"].get<std::string>());
    Json body = preset;
    body["credential_ref"] = "env:KEY";
    CAPTURE(preset["id"]);
    const auto answer = send_body("POST", "/admin/providers", body.dump());
    CHECK(answer.status == 201);
  }
  for (const char* id :
       {"openai", "azure_openai", "anthropic", "moonshot", "openrouter", "deepseek", "groq",
        "mistral", "xai", "google", "vllm", "sglang", "ollama", "lm_studio", "llama_cpp"}) {
    CHECK_MESSAGE(ids.contains(id), id);
  }
}

TEST_CASE_FIXTURE(RegistryFixture, "no answer of the registry has a key in it") {
  start();
  std::string all;
  all += send_body("POST", "/admin/providers", provider_body("a").dump()).body;
  all += send_body("POST", "/admin/providers", provider_body("b", {{"weight", 0}}).dump()).body;
  all += send_body("POST", "/admin/providers/test",
                   provider_body("c", {{"wire_api", "custom"}}).dump())
             .body;
  for (const char* path : {"/admin/providers", "/admin/providers/a", "/admin/state"}) {
    all += get(path).body;
  }
  const Json of_headers{{"config", {{"headers", {{"X-Gateway-Token", "hush"}, {"X-A", "seen"}}}}}};
  for (const char* id : {"d", "d"}) {
    all += send_body("POST", "/admin/providers", provider_body(id, of_headers).dump()).body;
  }
  all += send_body("PATCH", "/admin/providers/d", R"({"weight":2})").body;
  all += get("/admin/providers/d").body + get("/admin/providers").body;
  CHECK(all.find("hush") == std::string::npos);
  CHECK(all.find("seen") != std::string::npos);
  CHECK(all.find(kProviderKey) == std::string::npos);
  CHECK(all.find("sk-provider") == std::string::npos);
  CHECK(all.find("7777") != std::string::npos);
}

}  // namespace responses_proxy::testing
