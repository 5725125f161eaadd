#include "registry/provider_json.h"

#include <doctest/doctest.h>

#include "core/base64.h"
#include "registry/config_secrets.h"

namespace responses_proxy {

namespace {

const SecretBox kBox({Secret(base64(std::string(SecretBox::kKeyBytes, 'a')))});
const ProviderRules kRules{.box = &kBox,
                           .wire_apis = {"responses", "chat_completions", "anthropic_messages"}};

struct Read {
  Provider provider;
  std::vector<FieldError> errors;
  std::vector<std::string> unknown;
};

Read read(const Json& body, const Provider* before = nullptr, const ProviderRules& rules = kRules) {
  Read result;
  result.provider = read_provider(body, before, rules, result.errors, result.unknown);
  return result;
}

Json minimal() {
  return {{"id", "a"}, {"base_url", "https://h/v1"}};
}

// The fields that are refused when that is added to a body which is right.
std::vector<std::string> refused(const Json& more) {
  Json body = minimal();
  body.update(more);
  std::vector<std::string> fields;
  for (const FieldError& error : read(body).errors) fields.push_back(error.field);
  return fields;
}
using Fields = std::vector<std::string>;

std::string key_in(const Provider& provider, std::size_t at = 0) {
  return kBox.open(provider.keys.at(at).sealed, provider.id).secret.reveal();
}

}  // namespace

TEST_CASE("what is not said has a default") {
  const Read read_one = read({{"id", "kimi-main"}, {"base_url", "https://api.moonshot.ai/v1//"}});
  CHECK(read_one.errors.empty());
  const Provider& provider = read_one.provider;
  CHECK(provider.name == "kimi-main");
  CHECK(provider.base_url == "https://api.moonshot.ai/v1");
  CHECK(provider.wire_api == "responses");
  CHECK(provider.auth_type == "bearer");
  CHECK(provider.auth_header == "authorization");
  CHECK(provider.health_path == "models");
  CHECK(provider.pool_id == "kimi-main");
  CHECK(provider.weight == 1);
  CHECK(provider.enabled);
  CHECK(provider.keys.empty());
}

TEST_CASE("the header of a credential follows from its kind") {
  const auto header = [](const char* type) {
    Json body = minimal();
    body["auth_type"] = type;
    return read(body).provider.auth_header;
  };
  CHECK(header("bearer") == "authorization");
  CHECK(header("api_key") == "x-api-key");
  CHECK(header("query") == "key");
}

TEST_CASE("a key is kept encrypted, with its last four characters") {
  Json body = minimal();
  body["api_key"] = "sk-live-12345678";
  const Provider provider = read(body).provider;
  REQUIRE(provider.keys.size() == 1);
  CHECK(provider.keys[0].last4 == "5678");
  CHECK(key_in(provider) == "sk-live-12345678");
  CHECK(dump(to_document(provider)).find("sk-live") == std::string::npos);
  CHECK(dump(to_settings(provider)).find("5678") == std::string::npos);
  body["api_key"] = "short";
  CHECK(read(body).provider.keys[0].last4.empty());
}

TEST_CASE("several keys are kept in their order, each once") {
  Json body = minimal();
  body["api_keys"] = {"sk-live-1", "sk-live-2", "sk-live-1"};
  const Provider provider = read(body).provider;
  REQUIRE(provider.keys.size() == 2);
  CHECK(key_in(provider, 1) == "sk-live-2");
}

TEST_CASE("everything that is wrong is told at once, each with its field") {
  const Json body{{"id", "a b"},        {"base_url", "ftp://h"},
                  {"wire_api", "soap"}, {"weight", 0},
                  {"enabled", "yes"},   {"config", {{"headers", {{"Host", "x"}, {"X-Ok", "1"}}}}}};
  Fields fields;
  for (const FieldError& error : read(body).errors) fields.push_back(error.field);
  CHECK(fields == Fields{"id", "base_url", "wire_api", "weight", "enabled", "config.headers.Host"});
}

TEST_CASE("what may be set, and what not") {
  struct {
    Json more;
    Fields fields;
  } const cases[] = {
      {{{"id", "environment"}}, {"id"}},
      {{{"id", "a/b"}}, {"id"}},
      {{{"id", "."}}, {"id"}},
      {{{"id", ".."}}, {"id"}},
      {{{"id", "..."}}, {}},
      {{{"id", 1}}, {"id"}},
      {{{"id", nullptr}}, {"id"}},
      {{{"base_url", "https://user:pass@h/v1"}}, {"base_url"}},
      {{{"base_url", "https://h/v1?x=1"}}, {"base_url"}},
      {{{"base_url", ""}}, {"base_url"}},
      {{{"name", "line\nbreak"}}, {"name"}},
      {{{"auth_type", "basic"}}, {"auth_type"}},
      {{{"auth_header", "content-length"}}, {"auth_header"}},
      {{{"auth_header", "bad header"}}, {"auth_header"}},
      {{{"health_path", "/models"}}, {"health_path"}},
      {{{"health_path", "a/../b"}}, {"health_path"}},
      {{{"health_path", nullptr}}, {}},
      {{{"weight", 0.5}}, {}},
      {{{"weight", "2"}}, {"weight"}},
      {{{"weight", -1}}, {"weight"}},
      {{{"pool_id", "a b"}}, {"pool_id"}},
      {{{"config", 1}}, {"config"}},
      {{{"config", {{"headers", 1}}}}, {"config.headers"}},
      {{{"config", {{"headers", {{"X-A", "a\nb"}}}}}}, {"config.headers.X-A"}},
      {{{"config", {{"headers", {{"Authorization", "Bearer x"}}}}}},
       {"config.headers.Authorization"}},
      {{{"config", {{"headers", {{"Transfer-Encoding", "x"}}}}}},
       {"config.headers.Transfer-Encoding"}},
      {{{"config", {{"headers", {{"OpenAI-Organization", "org"}}}}}}, {}},
      {{{"auth_type", "api_key"},
        {"auth_header", "X-Key"},
        {"config", {{"headers", {{"x-key", "1"}}}}}},
       {"config.headers.x-key"}},
      {{{"config", {{"query", {{"api-version", "2026-10-01"}}}}}}, {}},
      {{{"auth_type", "query"}, {"config", {{"query", {{"key", "x"}}}}}}, {"config.query.key"}},
      {{{"config", {{"query", {{"a", 1}}}}}}, {"config.query.a"}},
      {{{"config", {{"dialect", 1}}}}, {"config.dialect"}},
      {{{"config", {{"websocket", "no"}}}}, {"config.websocket"}},
      {{{"config", {{"http2", "yes"}}}}, {"config.http2"}},
      {{{"config", {{"endpoint_path", "/chat"}}}}, {"config.endpoint_path"}},
      {{{"config", {{"endpoint_path", 1}}}}, {"config.endpoint_path"}},
      {{{"config", {{"endpoint_path", "chat/completions"}}}}, {}},
      {{{"config", {{"anthropic_version", "2023 06 01"}}}}, {"config.anthropic_version"}},
      {{{"config", {{"default_max_tokens", "many"}}}}, {"config.default_max_tokens"}},
      {{{"config", {{"default_max_tokens", 0U}}}}, {"config.default_max_tokens"}},
      {{{"config", {{"default_max_tokens", 4096U}}}}, {}},
      {{{"config", {{"of_an_adapter", {1, 2}}}}}, {}},
      {{{"api_key", "two words"}}, {"api_key"}},
      {{{"api_key", "\"quoted\""}}, {"api_key"}},
      {{{"api_key", "line\nbreak"}}, {"api_key"}},
      {{{"api_key", "a"}, {"api_keys", {"b"}}}, {"api_keys"}},
      {{{"api_keys", {"a", "b c"}}}, {"api_keys[1]"}},
      {{{"api_keys", "a"}}, {"api_keys"}},
      {{{"api_key", "a"}, {"credential_ref", "env:KEY"}}, {"credential_ref"}},
      {{{"credential_ref", "env:KIMI_KEY"}}, {}},
      {{{"credential_ref", "file:/run/secrets/kimi"}}, {}},
      {{{"credential_ref", "file:relative"}}, {"credential_ref"}},
      {{{"credential_ref", "vault:x"}}, {"credential_ref"}},
      {{{"credential_ref", "env:A-B"}}, {"credential_ref"}},
      // The proxy's own secrets go to no provider.
      {{{"credential_ref", "env:PROXY_ADMIN_TOKEN"}}, {"credential_ref"}},
      {{{"credential_ref", "env:SERVICE_DATABASE_URL"}}, {"credential_ref"}},
      {{{"credential_ref", "env:OPENAI_API_KEY"}}, {}},
  };
  for (const auto& [more, fields] : cases) {
    CAPTURE(more.dump());
    CHECK(refused(more) == fields);
  }
}

TEST_CASE("no error quotes a key") {
  for (const char* key : {"sk-hunter2 hunter2", "'sk-hunter2'", "sk-hunter2\n"}) {
    Json body = minimal();
    body["api_key"] = key;
    for (const FieldError& error : read(body).errors) {
      CHECK(error.message.find("hunter2") == std::string::npos);
    }
  }
}

TEST_CASE("without an encryption key an inline key is refused in the words that people look for") {
  const SecretBox none;
  Json body = minimal();
  body["api_key"] = "sk-live-12345678";
  const Read refused_one = read(body, nullptr, {true, &none});
  REQUIRE(refused_one.errors.size() == 1);
  CHECK(
      refused_one.errors[0] ==
      FieldError{"api_key", "Set PROXY_SECRET_ENCRYPTION_KEY before registering inline API keys"});
  body.erase("api_key");
  body["credential_ref"] = "env:KEY";
  CHECK(read(body, nullptr, {true, &none}).errors.empty());
}

TEST_CASE("private addresses can be forbidden") {
  Json body = minimal();
  for (const char* url : {"http://127.0.0.1:1/v1", "http://localhost/v1", "http://10.0.0.1"}) {
    body["base_url"] = url;
    CHECK(read(body).errors.empty());
    REQUIRE(read(body, nullptr, {false, &kBox}).errors.size() == 1);
    CHECK(read(body, nullptr, {false, &kBox}).errors[0].field == "base_url");
  }
}

TEST_CASE("members that mean nothing are told") {
  Json body = minimal();
  body["upstream_id_example"] = "x";
  body["weigth"] = 2;
  CHECK(read(body).errors.empty());
  CHECK(read(body).unknown == Fields{"upstream_id_example", "weigth"});
}

TEST_CASE("a replacement keeps the credential that it does not name") {
  Json first = minimal();
  first["api_key"] = "sk-live-12345678";
  const Provider before = read(first).provider;
  CHECK(read(minimal(), &before).provider.keys == before.keys);
  Json dropped = minimal();
  dropped["api_key"] = nullptr;
  CHECK(read(dropped, &before).provider.keys.empty());
  Json other = minimal();
  other["credential_ref"] = "env:KEY";
  CHECK(read(other, &before).provider.keys.empty());
  CHECK(read(other, &before).provider.credential_ref == "env:KEY");
  const Provider referred = read(other).provider;
  CHECK(read(minimal(), &referred).provider.credential_ref == "env:KEY");
  CHECK(read(first, &referred).provider.credential_ref.empty());
  CHECK(read(first, &referred).provider.keys.size() == 1);
}

TEST_CASE("a patch changes what it names") {
  Json first = minimal();
  first["api_key"] = "sk-live-12345678";
  first["health_path"] = nullptr;
  first["config"] = {{"headers", {{"X-A", "1"}, {"X-B", "2"}}}, {"endpoint_path", "x"}};
  const Provider before = read(first).provider;
  const auto patched = [&](const Json& patch) {
    const Read result = read(patched_provider(before, patch), &before);
    CHECK(result.errors.empty());
    CHECK(result.unknown.empty());
    return result.provider;
  };
  Provider after = patched({{"weight", 3}, {"config", {{"headers", {{"X-A", nullptr}}}}}});
  CHECK(after.weight == 3);
  CHECK(after.config == Json{{"headers", {{"X-B", "2"}}}, {"endpoint_path", "x"}});
  CHECK(after.keys == before.keys);
  CHECK(after.base_url == before.base_url);
  CHECK_FALSE(after.health_path);
  CHECK(patched({{"health_path", "key"}}).health_path == "key");
  CHECK(patched({{"weight", nullptr}}).weight == 1);
  CHECK(patched({{"id", "other"}}).id == "a");
  CHECK(patched({{"auth_type", "api_key"}}).auth_header == "x-api-key");
  CHECK(patched({{"api_key", nullptr}}).keys.empty());
  CHECK(patched({{"credential_ref", "env:K"}}).keys.empty());
}

TEST_CASE("a hidden value that is sent back is the one that is there") {
  const Json own{{"headers", {{"X-Gateway-Token", "t0ken"}, {"X-Title", "mine"}}},
                 {"query", {{"api-version", "1"}, {"sig", "s1gned"}}}};
  Json first = minimal();
  first["config"] = own;
  const Provider before = read(first).provider;
  const Json shown = shown_config(before.config);
  CHECK(shown == Json{{"headers", {{"X-Gateway-Token", "***"}, {"X-Title", "mine"}}},
                      {"query", {{"api-version", "1"}, {"sig", "***"}}}});
  Json again = minimal();
  again["config"] = shown;
  CHECK(read(again, &before).errors.empty());
  CHECK(read(again, &before).provider.config == own);
  const Json patch{{"config", {{"headers", {{"X-Gateway-Token", "***"}, {"X-Title", "***"}}}}}};
  const Provider patched = read(patched_provider(before, patch), &before).provider;
  CHECK(patched.config["headers"] == Json{{"X-Gateway-Token", "t0ken"}, {"X-Title", "***"}});
  again["config"]["headers"]["X-Gateway-Token"] = "other";
  CHECK(read(again, &before).provider.config["headers"]["X-Gateway-Token"] == "other");
  again["config"]["headers"]["X-Other-Secret"] = "***";
  const auto errors = read(again, &before).errors;
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].field == "config.headers.X-Other-Secret");
  CHECK(refused({{"config", shown}}) ==
        Fields{"config.headers.X-Gateway-Token", "config.query.sig"});
}

TEST_CASE("what is stored reads back, also by another version") {
  Json body = minimal();
  body["api_keys"] = {"sk-live-12345678", "sk-live-87654321"};
  body["health_path"] = nullptr;
  body["auth_type"] = "none";
  body["metadata"] = {{"owner", "platform"}};
  const Provider provider = read(body).provider;
  Json document = to_document(provider);
  CHECK(to_document(provider_of_document(document)) == document);
  document["wire_api"] = "telepathy";
  document["auth_type"] = "signature";
  document["weight"] = "heavy";
  document["new"] = true;
  const Provider understood = provider_of_document(document);
  CHECK(understood.keys == provider.keys);
  CHECK(understood.weight == 1);
  CHECK(understood.wire_api == "telepathy");
  CHECK(understood.auth_type == "signature");
}

// A host's own dialect is one more word.
TEST_CASE("a provider's wire API is one that is spoken here, or custom") {
  const ProviderRules rules{.box = &kBox, .wire_apis = {"responses", "shout"}};
  const auto problems = [&rules](const char* wire_api) {
    return read({{"id", "p"}, {"base_url", "https://p.test/v1"}, {"wire_api", wire_api}}, nullptr,
                rules)
        .errors;
  };
  CHECK(problems("shout").empty());
  CHECK(problems("custom").empty());
  REQUIRE(problems("chat_completions").size() == 1);
  CHECK(problems("chat_completions")[0].message == "must be one of responses, shout, custom");
  CHECK(registrable_wire_apis({"custom"}) == std::vector<std::string>{"custom"});
}

}  // namespace responses_proxy
