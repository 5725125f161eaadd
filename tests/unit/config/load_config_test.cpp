#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "config/config_text.h"
#include "unit/config/map_environment.h"

using namespace responses_proxy;
using responses_proxy::testing::load;
using responses_proxy::testing::messages;
using responses_proxy::testing::Variables;

namespace {

std::vector<std::string> keys(const LoadedConfig& loaded) {
  std::vector<std::string> revealed;
  for (const Resource& resource : loaded.config.resources) {
    revealed.push_back(resource.credential.reveal());
  }
  return revealed;
}

bool names(const LoadedConfig& loaded, const std::string& variable) {
  return std::any_of(loaded.errors.begin(), loaded.errors.end(),
                     [&](const ConfigError& error) { return error.variable == variable; });
}

bool warns(const LoadedConfig& loaded, const std::string& text) {
  return std::any_of(
      loaded.warnings.begin(), loaded.warnings.end(),
      [&](const std::string& warning) { return warning.find(text) != std::string::npos; });
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("keys: single, list, numbered; numeric order, gaps, duplicates to the first") {
  const LoadedConfig loaded = load({{"OPENAI_API_KEY_10", "sk-ten"},
                                    {"OPENAI_API_KEY_2", "sk-two"},
                                    {"OPENAI_API_KEY_256", "sk-last"},
                                    {"OPENAI_API_KEY_3", "sk-list-b"},
                                    {"OPENAI_API_KEYS", "sk-list-a,sk-single,sk-list-b"},
                                    {"OPENAI_API_KEY", "sk-single"}});
  CHECK(loaded.errors.empty());
  CHECK(keys(loaded) ==
        Texts{"sk-single", "sk-list-a", "sk-list-b", "sk-two", "sk-ten", "sk-last"});
  for (std::size_t i = 0; i < loaded.config.resources.size(); ++i) {
    const Resource& resource = loaded.config.resources[i];
    CHECK(resource.name == "openai-" + std::to_string(i + 1));
    CHECK(resource.provider_id == "environment");
    CHECK(resource.pool_id == "openai-default");
    CHECK(resource.wire_api == "responses");
    CHECK(resource.base_url == "https://api.openai.com/v1");
    CHECK(resource.weight == 1.0);
  }
}

TEST_CASE("resources use the configured base URL whatever the order of the table") {
  const LoadedConfig loaded =
      load({{"OPENAI_API_KEY", "sk-a"}, {"PROXY_UPSTREAM_BASE_URL", "http://127.0.0.1:1/v1/"}});
  REQUIRE(loaded.config.resources.size() == 1);
  CHECK(loaded.config.resources[0].base_url == "http://127.0.0.1:1/v1");
}

TEST_CASE("weights and pools belong to the deduplicated keys by position, padded") {
  const LoadedConfig loaded = load({{"OPENAI_API_KEYS", "sk-a,sk-a,sk-b,sk-c"},
                                    {"OPENAI_RESOURCE_WEIGHTS", "2, 0.5"},
                                    {"OPENAI_RESOURCE_POOL_ID", "rest"},
                                    {"OPENAI_RESOURCE_POOL_IDS", "interactive"}});
  CHECK(loaded.errors.empty());
  REQUIRE(keys(loaded) == Texts{"sk-a", "sk-b", "sk-c"});
  const auto& resources = loaded.config.resources;
  CHECK(resources[0].weight == 2.0);
  CHECK(resources[1].weight == 0.5);
  CHECK(resources[2].weight == 1.0);
  CHECK(resources[0].pool_id == "interactive");
  CHECK(resources[1].pool_id == "rest");
  CHECK(resources[2].pool_id == "rest");
}

TEST_CASE("more weights or pools than keys are errors") {
  const LoadedConfig loaded = load({{"OPENAI_API_KEYS", "sk-a,sk-a"},
                                    {"OPENAI_RESOURCE_WEIGHTS", "1,1"},
                                    {"OPENAI_RESOURCE_POOL_IDS", "a,b"}});
  CHECK(loaded.errors.size() == 2);
  CHECK(names(loaded, "OPENAI_RESOURCE_WEIGHTS"));
  CHECK(names(loaded, "OPENAI_RESOURCE_POOL_IDS"));
  CHECK(loaded.errors[0].message.find("2 items for 1 keys") != std::string::npos);
}

TEST_CASE("malformed weights and pools are errors") {
  const Variables two_keys{{"OPENAI_API_KEYS", "sk-a,sk-b"}};
  for (const char* weights : {"0,1", "-1,1", "1,", "a", "inf", "nan", "1 2"}) {
    CAPTURE(weights);
    Variables variables = two_keys;
    variables["OPENAI_RESOURCE_WEIGHTS"] = weights;
    CHECK(names(load(variables), "OPENAI_RESOURCE_WEIGHTS"));
  }
  for (const char* pools : {"a,", ",a", "a b", "p\xc3\xb6ol", "a\rb"}) {
    CAPTURE(pools);
    Variables variables = two_keys;
    variables["OPENAI_RESOURCE_POOL_IDS"] = pools;
    CHECK(names(load(variables), "OPENAI_RESOURCE_POOL_IDS"));
  }
}

TEST_CASE("a refused key is the only error about the keys") {
  const LoadedConfig loaded = load({{"OPENAI_API_KEY_1", "sk-a"},
                                    {"OPENAI_API_KEY_2", "sk b"},
                                    {"OPENAI_RESOURCE_WEIGHTS", "1,1"}});
  REQUIRE(loaded.errors.size() == 1);
  CHECK(loaded.errors[0].variable == "OPENAI_API_KEY_2");
}

TEST_CASE("the first database URL that is set wins, and the others are named") {
  Variables variables{{"PROXY_DATABASE_URL", "sqlite:///1.db"},
                      {"SERVICE_DATABASE_URL", "sqlite:///2.db"},
                      {"DATABASE_URL", "sqlite:///3.db"},
                      {"PROXY_SQLITE_URL", "sqlite:///4.db"}};
  const Texts order{"PROXY_DATABASE_URL", "SERVICE_DATABASE_URL", "DATABASE_URL",
                    "PROXY_SQLITE_URL"};
  for (std::size_t i = 0; i < order.size(); ++i) {
    CAPTURE(order[i]);
    const LoadedConfig loaded = load(variables);
    CHECK(loaded.errors.empty());
    CHECK(loaded.config.database_url.reveal() == "sqlite:///" + std::to_string(i + 1) + ".db");
    CHECK(loaded.warnings.size() == order.size() - 1 - i);
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      CHECK(warns(loaded, order[j] + " has no effect: " + order[i]));
    }
    variables[order[i]] = " ";  // blank = unset
  }
  CHECK(load(variables).config.database_url.reveal() == "sqlite:///./data/proxy.sqlite3");
}

TEST_CASE("a refused database URL is not skipped for the next one") {
  const LoadedConfig loaded = load({{"PROXY_DATABASE_URL", "postgresql+psycopg://u:hunter2@h:x/d"},
                                    {"PROXY_SQLITE_URL", "sqlite:///4.db"}});
  REQUIRE(loaded.errors.size() == 1);
  CHECK(loaded.errors[0].variable == "PROXY_DATABASE_URL");
  CHECK(loaded.errors[0].message.find("has no valid host and port") != std::string::npos);
  CHECK(loaded.errors[0].message.find("postgresql+psycopg://u:***@h:x/d") != std::string::npos);
}

TEST_CASE("all errors are collected") {
  const LoadedConfig loaded =
      load({{"PROXY_PORT", "abc"}, {"PROXY_MAX_ATTEMPTS", "0"}, {"PROXY_ADMIN_PROTECT", "all"}});
  REQUIRE(loaded.errors.size() == 3);
  CHECK(loaded.errors[0].message ==
        "PROXY_PORT: \"abc\" is not an integer; allowed: an integer from 0 to 65535");
  CHECK(loaded.errors[1].message ==
        "PROXY_MAX_ATTEMPTS: \"0\" is out of range; allowed: an integer from 1 to 100");
  CHECK(loaded.errors[2].variable == "PROXY_ADMIN_PROTECT");
  CHECK(loaded.errors[2].message.find("needs PROXY_ADMIN_TOKEN") != std::string::npos);
}

TEST_CASE("one warning each for an open data plane and an open control plane") {
  CHECK(load({{"PROXY_HOST", "localhost"}}).warnings.empty());
  CHECK(load({{"PROXY_HOST", "127.0.0.2"}}).warnings.empty());

  LoadedConfig loaded = load({{"PROXY_HOST", "0.0.0.0"}});
  CHECK(loaded.warnings.size() == 2);
  CHECK(warns(loaded, "0.0.0.0 without PROXY_CLIENT_TOKENS"));
  CHECK(warns(loaded, "0.0.0.0 without PROXY_ADMIN_PROTECT=all"));

  loaded = load({{"PROXY_HOST", "::"}, {"PROXY_CLIENT_TOKENS", "t"}});
  CHECK(loaded.warnings.size() == 1);
  CHECK(warns(loaded, "PROXY_ADMIN_PROTECT"));

  loaded = load({{"PROXY_HOST", "::"},
                 {"PROXY_CLIENT_TOKENS", "t"},
                 {"PROXY_ADMIN_PROTECT", "all"},
                 {"PROXY_ADMIN_TOKEN", "t"}});
  CHECK(loaded.warnings.empty());
}

TEST_CASE("a control plane with an address of its own is judged by that address") {
  LoadedConfig loaded = load({{"PROXY_HOST", "0.0.0.0"},
                              {"PROXY_CLIENT_TOKENS", "t"},
                              {"PROXY_ADMIN_BIND", "[::1]:9000"}});
  CHECK(loaded.warnings.empty());
  loaded = load({{"PROXY_ADMIN_BIND", "10.0.0.1:9000"}});
  CHECK(loaded.warnings.size() == 1);
  CHECK(warns(loaded, "10.0.0.1 without PROXY_ADMIN_PROTECT=all"));
}

TEST_CASE("Redis is allowed") {
  const LoadedConfig loaded = load({{"PROXY_REDIS_URL", "redis://127.0.0.1:6379/0"}});
  CHECK(loaded.errors.empty());
  CHECK(loaded.config.redis_url.reveal() == "redis://127.0.0.1:6379/0");
  CHECK(loaded.warnings.empty());
}

TEST_CASE("no secret is printed, be it right or wrong") {
  // Every secret contains this; four characters of each may show.
  const std::string secret = "hunter2-hunter2";
  const Variables right{
      {"OPENAI_API_KEY", secret + "-aaaa"},
      {"OPENAI_API_KEYS", secret + "-bbbb," + secret + "-cccc"},
      {"OPENAI_API_KEY_7", secret + "-dddd"},
      {"PROXY_CLIENT_TOKENS", secret + "-eeee"},
      {"PROXY_ADMIN_TOKEN", secret + "-ffff"},
      {"PROXY_SECRET_ENCRYPTION_KEY", secret + std::string(24, 'x') + "gggg"},
      {"PROXY_REDIS_URL", "redis://u:" + secret + "@h/0"},
      {"PROXY_DATABASE_URL", "postgresql://u:" + secret + "@h/d?password=" + secret},
      {"DATABASE_URL", "postgres://u:" + secret + "@h/d"},
      {"PROXY_HOST", "0.0.0.0"}};
  LoadedConfig loaded = load(right);
  CHECK(loaded.errors.empty());
  CHECK(loaded.warnings.size() >= 2);
  std::string printed = config::describe_config(loaded.config) + messages(loaded);
  CHECK(printed.find("hunter2") == std::string::npos);
  for (const char* shown : {"...aaaa", "...dddd", "...eeee", "...ffff", "...gggg"}) {
    CAPTURE(shown);
    CHECK(printed.find(shown) != std::string::npos);
  }

  Variables wrong{{"PROXY_UPSTREAM_BASE_URL", "https://u:" + secret + "@h/v1"},
                  {"PROXY_HEALTH_CHECK_PATH", "https://" + secret + "@h/v1"}};
  for (const auto& [name, value] : right) wrong.emplace(name, value + " \n wrong");
  wrong["PROXY_REDIS_URL"] = "redys://u:" + secret + "@h/0";
  wrong["PROXY_DATABASE_URL"] = "postgresql://u:" + secret + "/x@h/d";
  loaded = load(wrong);
  CHECK(loaded.errors.size() == wrong.size());
  printed = config::describe_config(loaded.config) + messages(loaded);
  CHECK(printed.find("hunter2") == std::string::npos);
}

TEST_CASE("short secrets show nothing at all") {
  const LoadedConfig loaded = load({{"OPENAI_API_KEY", "sk-qwxz"}, {"PROXY_ADMIN_TOKEN", "qwxz"}});
  CHECK(loaded.errors.empty());
  CHECK(config::describe_config(loaded.config).find("qwxz") == std::string::npos);
}

TEST_CASE("process_environment reads the process's variables") {
  const Environment environment = process_environment();
  REQUIRE(setenv("RP_TEST_VARIABLE", "value", 1) == 0);
  CHECK(environment("RP_TEST_VARIABLE") == "value");
  REQUIRE(unsetenv("RP_TEST_VARIABLE") == 0);
  CHECK_FALSE(environment("RP_TEST_VARIABLE").has_value());
}

TEST_CASE("a value with something around it that is not part of it is refused, with the remedy") {
  struct Trap {
    const char* variable;
    std::string value;
    const char* says;
  };
  const Trap traps[] = {
      {"PROXY_PORT", "\"8000\"", "quotes around it: leave them out"},
      {"PROXY_HOST", "'127.0.0.1'", "quotes around it"},
      {"PROXY_LOG_LEVEL", "\xe2\x80\x9cinfo\xe2\x80\x9d", "quotes around it"},
      {"PROXY_DATABASE_URL", "\"postgresql://u:hunter2@h/d\"", "quotes around it"},
      {"PROXY_REDIS_URL", "'redis://:hunter2@h'", "quotes around it"},
      {"PROXY_UPSTREAM_BASE_URL", "\"https://api.openai.com/v1\"", "quotes around it"},
      {"PROXY_SQLITE_URL", "sqlite:///x.db\"", "quotes around it"},
      {"PROXY_TELEMETRY_SPOOL_PATH", "\"/var/spool/rp\"", "quotes around it"},
      {"PROXY_ADMIN_TOKEN", "\"hunter2-hunter2\"", "quotes around it"},
      {"PROXY_CLIENT_TOKENS", "token-one,\"hunter2-hunter2\"", "quotes around it"},
      {"OPENAI_API_KEY", "\"sk-hunter2-hunter2\"", "quotes around it"},
      {"OPENAI_API_KEYS", "sk-one, 'sk-hunter2-hunter2'", "quotes around it"},
      {"OPENAI_API_KEY_7", "${OPENAI_API_KEY}", "names a variable"},
      {"OPENAI_API_KEY_8", "$OPENAI_API_KEY", "names a variable"},
      {"PROXY_ADMIN_TOKEN", "$(cat hunter2)", "names a variable"},
      {"OPENAI_API_KEY", "sk-hunter2-1,sk-hunter2-2", "several go into OPENAI_API_KEYS"},
      {"OPENAI_API_KEY", "sk-hunter2-1 sk-hunter2-2", "several go into OPENAI_API_KEYS"},
      {"OPENAI_API_KEY", "sk-hunter2-1;sk-hunter2-2", "several go into OPENAI_API_KEYS"},
      {"OPENAI_API_KEY_3", "Bearer sk-hunter2-2", "more than one key"},
      {"OPENAI_API_KEY", "OPENAI_API_KEY=sk-hunter2-2", "variable's name in it"},
      {"OPENAI_API_KEYS", "sk-hunter2-1;sk-hunter2-2", "put commas between them"},
      {"OPENAI_API_KEYS", "sk-hunter2-1 sk-hunter2-2", "blank in it"},
      {"OPENAI_API_KEYS", "sk-hunter2-1\nsk-hunter2-2", "control character"},
      {"PROXY_ADMIN_TOKEN", "hunter2 hunter2", "blank in it"},
      {"PROXY_REQUEST_TIMEOUT_SECONDS", "30s", "has a unit: write the number alone"},
      {"PROXY_DRAIN_TIMEOUT_SECONDS", "5 min", "has a unit"},
      {"PROXY_REDIS_TIMEOUT_MS", "50ms", "has a unit"},
      {"PROXY_MAX_BODY_BYTES", "100MB", "has a unit"},
      {"PROXY_TELEMETRY_SPOOL_BYTES", "1_000_000", "is not an integer"},
      {"PROXY_MAX_BODY_BYTES", "0x10", "is not an integer"},
      {"PROXY_MAX_BODY_BYTES", "1e3", "is not an integer"},
      {"PROXY_HEALTH_CHECK_PATH", "../models", "leads out of the base URL"},
      {"PROXY_UPSTREAM_BASE_URL", "api.openai.com/v1", "http:// or https://"},
      {"PROXY_REDIS_URL", "hunter2:6379", "is not a Redis URL"},
      {"PROXY_DATABASE_URL", "/var/lib/rp.db", "must start with sqlite:///"},
      {"PROXY_ADMIN_BIND", "http://127.0.0.1:8001", "address with a port"},
  };
  for (const Trap& trap : traps) {
    CAPTURE(trap.variable);
    CAPTURE(trap.value);
    const LoadedConfig loaded = load({{trap.variable, trap.value}});
    REQUIRE(loaded.errors.size() == 1);
    const ConfigError& error = loaded.errors.front();
    CHECK(error.variable == trap.variable);
    CHECK(error.message.starts_with(std::string(trap.variable) + ": "));
    CHECK(error.message.find(trap.says) != std::string::npos);
    CHECK(error.message.find("hunter2-") == std::string::npos);
    CHECK(error.message.find("hunter2:") == std::string::npos);
    CHECK(error.message.find("hunter2@") == std::string::npos);
  }
}

TEST_CASE("a server that would relay to itself, or listen twice on one address, does not start") {
  struct {
    Variables variables;
    const char* variable;
    const char* says;
  } const cases[] = {
      {{{"PROXY_UPSTREAM_BASE_URL", "http://localhost:8000/v1"}},
       "PROXY_UPSTREAM_BASE_URL",
       "is where this server listens itself"},
      {{{"PROXY_UPSTREAM_BASE_URL", "http://10.0.0.7:9000/v1"},
        {"PROXY_HOST", "10.0.0.7"},
        {"PROXY_PORT", "9000"}},
       "PROXY_UPSTREAM_BASE_URL",
       "is where this server listens itself"},
      {{{"PROXY_ADMIN_BIND", "127.0.0.1:8000"}}, "PROXY_ADMIN_BIND", "is where clients are served"},
      {{{"PROXY_ADMIN_BIND", "127.0.0.1:9000"}, {"PROXY_HOST", "0.0.0.0"}, {"PROXY_PORT", "9000"}},
       "PROXY_ADMIN_BIND",
       "is where clients are served"},
  };
  for (const auto& [variables, variable, says] : cases) {
    const LoadedConfig loaded = load(variables);
    REQUIRE(loaded.errors.size() == 1);
    CHECK(loaded.errors[0].variable == variable);
    CHECK(loaded.errors[0].message.find(says) != std::string::npos);
  }
  CHECK(load({{"PROXY_UPSTREAM_BASE_URL", "http://localhost:8001/v1"}}).errors.empty());
  CHECK(load({{"PROXY_ADMIN_BIND", "127.0.0.1:8001"}}).errors.empty());
  CHECK(load({{"PROXY_ADMIN_BIND", "10.0.0.7:8000"}, {"PROXY_HOST", "10.0.0.8"}}).errors.empty());
}

TEST_CASE("the variable that the database URL comes from is known") {
  CHECK(load({}).config.database_variable == "PROXY_SQLITE_URL");
  CHECK(load({{"DATABASE_URL", "sqlite:///a"}, {"PROXY_SQLITE_URL", "sqlite:///b"}})
            .config.database_variable == "DATABASE_URL");
}

TEST_CASE("quotes and dollars inside of a password are part of it") {
  CHECK(load({{"PROXY_ADMIN_TOKEN", "it's$a\"token=;"}}).errors.empty());
  CHECK(load({{"PROXY_CLIENT_TOKENS", "a$b,c'd"}}).errors.empty());
}

TEST_CASE("the SDKs' base URL is not this proxy's, which is said") {
  for (const std::string name : {"OPENAI_BASE_URL", "OPENAI_API_BASE"}) {
    CHECK(warns(load({{name, "http://u:hunter2@h/v1"}}), name + " is not used"));
    CHECK_FALSE(warns(load({{name, "http://u:hunter2@h/v1"}}), "hunter2"));
    CHECK_FALSE(warns(load({{name, "http://h/v1"}, {"PROXY_UPSTREAM_BASE_URL", "http://u/v1"}}),
                      "is not used"));
    CHECK_FALSE(warns(load({{name, " "}}), "is not used"));
  }
}
