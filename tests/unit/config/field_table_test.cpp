#include "config/field_table.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "config/config_text.h"
#include "unit/config/map_environment.h"

using namespace responses_proxy;
using namespace responses_proxy::config;
using responses_proxy::testing::load;
using responses_proxy::testing::Variables;

namespace {

struct Sample {
  std::string good;
  std::string effect;  // what observe() shows then
  std::string bad;
  Variables beside = {};  // what the good value needs to be allowed
};

const std::map<std::string, Sample>& samples() {
  static const std::map<std::string, Sample> all{
      {"OPENAI_API_KEY", {"sk-one", "openai-default:1:sk-one", "sk one"}},
      {"OPENAI_API_KEYS",
       {"sk-a, sk-b,", "openai-default:1:sk-a openai-default:1:sk-b", "sk-a,s k"}},
      {"OPENAI_API_KEY_<N>", {"sk-n", "openai-default:1:sk-n", "sk-a,sk-b"}},
      {"OPENAI_RESOURCE_WEIGHTS",
       {"2.5", "openai-default:2.5:sk-one", "0", {{"OPENAI_API_KEY", "sk-one"}}}},
      {"OPENAI_RESOURCE_POOL_ID",
       {"batch", "batch:1:sk-one", "ba tch", {{"OPENAI_API_KEY", "sk-one"}}}},
      {"OPENAI_RESOURCE_POOL_IDS",
       {"evals", "evals:1:sk-one", "a,,b", {{"OPENAI_API_KEY", "sk-one"}}}},
      {"OPENAI_RESOURCE_NAMES", {"team-a", "team-a", "a b", {{"OPENAI_API_KEY", "sk-one"}}}},
      {"PROXY_HOST", {" ::1 ", "::1", "999.1.1.1"}},
      {"PROXY_PORT", {"0", "0", "65536"}},
      {"PROXY_TLS_CERT_FILE",
       {"/etc/c.pem", "/etc/c.pem", std::string(5000, 'x'), {{"PROXY_TLS_KEY_FILE", "/etc/k"}}}},
      {"PROXY_TLS_KEY_FILE",
       {"/etc/k.pem", "/etc/k.pem", std::string(5000, 'x'), {{"PROXY_TLS_CERT_FILE", "/etc/c"}}}},
      {"PROXY_TLS_CLIENT_CA_FILE",
       {"/etc/ca.pem",
        "/etc/ca.pem",
        std::string(5000, 'x'),
        {{"PROXY_TLS_CERT_FILE", "/etc/c"}, {"PROXY_TLS_KEY_FILE", "/etc/k"}}}},
      {"PROXY_ADMIN_BIND", {"127.0.0.1:9000", "127.0.0.1:9000", "9000"}},
      {"PROXY_IO_THREADS", {"4", "4", "-1"}},
      {"PROXY_LOG_LEVEL", {"WARNING", "warning", "loud"}},
      {"PROXY_LOG_FORMAT", {"JSON", "json", "xml"}},
      {"PROXY_METRICS_MODELS", {" gpt-5,o3 ", "gpt-5, o3", ","}},
      {"PROXY_LOG_FILE", {"/var/log/rp.log", "/var/log/rp.log", std::string(5000, 'x')}},
      {"PROXY_ACCESS_LOG", {"JSON", "json", "xml"}},
      {"PROXY_ACCESS_LOG_FILE", {"/var/log/a.log", "/var/log/a.log", std::string(5000, 'x')}},
      {"PROXY_CLIENT_TOKENS",
       {"client-token-one,alice:client-token-two", "token-1:...-one, alice:...-two", ", ,"}},
      {"PROXY_ALLOWED_ORIGINS",
       {"HTTPS://App.Example:443, http://localhost:3000",
        "https://app.example, http://localhost:3000", "https://app.example/page"}},
      {"PROXY_ALLOWED_HOSTS", {"proxy.example,::1", "proxy.example, ::1", "proxy.example:8000"}},
      {"PROXY_ADMIN_TOKEN", {"admin-token-1234", "...1234", "ad min"}},
      {"PROXY_ADMIN_PROTECT", {"All", "all", "some", {{"PROXY_ADMIN_TOKEN", "admin-token"}}}},
      {"PROXY_SECRET_ENCRYPTION_KEY",
       {"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=,_-JhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE",
        "...YWE=, ...hYWE", "YWFhYWFhYWFh"}},
      {"PROXY_UPSTREAM_BASE_URL",
       {"http://127.0.0.1:9/v1//", "http://127.0.0.1:9/v1", "api.openai.com"}},
      {"PROXY_REQUEST_TIMEOUT_SECONDS", {"600.5", "600.5", "0"}},
      {"PROXY_CONNECT_TIMEOUT_SECONDS", {"0.25", "0.25", "ten"}},
      {"PROXY_FIRST_BYTE_TIMEOUT_SECONDS", {"30", "30", "-1"}},
      {"PROXY_STREAM_IDLE_TIMEOUT_SECONDS", {"1", "1", "inf"}},
      {"PROXY_STREAM_HOLDBACK_MS", {"0", "0", "0.5"}},
      {"PROXY_MAX_ATTEMPTS", {"1", "1", "0"}},
      {"PROXY_UPSTREAM_CA_FILE", {"/etc/ca.pem", "/etc/ca.pem", std::string(5000, 'x')}},
      {"PROXY_UPSTREAM_HTTP", {"Curl", "curl", "http2"}},
      {"SSL_CERT_FILE", {"/etc/all.pem", "/etc/all.pem", std::string(5000, 'x')}},
      {"SSL_CERT_DIR", {"/etc/certs", "/etc/certs", std::string(5000, 'x')}},
      {"PROXY_WEBSOCKET_ENABLED", {"off", "false", "maybe"}},
      {"PROXY_UPSTREAM_WEBSOCKET", {"no", "false", "auto"}},
      {"PROXY_WEBSOCKET_MAX_MESSAGE_BYTES", {"1024", "1024", "0"}},
      {"PROXY_WEBSOCKET_IDLE_TIMEOUT_SECONDS", {"60", "60", "0"}},
      {"PROXY_WEBSOCKET_MAX_AGE_SECONDS", {"3300", "3300", "-1"}},
      {"PROXY_WEBSOCKET_STATE_BYTES", {"0", "0", "1kb"}},
      {"PROXY_MAX_BODY_BYTES", {"1024", "1024", "1kb"}},
      {"PROXY_MAX_CAPTURE_BYTES", {"0", "0", "-1"}},
      {"PROXY_CAPTURE_BODIES", {"Yes", "true", "2"}},
      {"PROXY_MODEL_ALIASES", {R"({"fast":{"model":"m"}})", "fast", R"({"fast":7})"}},
      {"PROXY_BALANCING_POLICY", {"Round_Robin", "round_robin", "random"}},
      {"PROXY_FOREIGN_REASONING", {"Text", "text", "keep"}},
      {"PROXY_RESPONSE_AFFINITY", {"prefer", "prefer", "require,prefer"}},
      {"PROXY_SESSION_AFFINITY_TTL_SECONDS", {"60", "60", "0"}},
      {"PROXY_RESPONSE_STATE_TTL_SECONDS", {"0", "0", "-1"}},
      {"PROXY_MAX_AFFINITY_ENTRIES", {"10", "10", "0"}},
      {"PROXY_HEALTH_CHECK_ENABLED", {"0", "false", "-"}},
      {"PROXY_HEALTH_CHECK_INTERVAL_SECONDS", {"5", "5", "1e3"}},
      {"PROXY_HEALTH_CHECK_TIMEOUT_SECONDS", {"2.0", "2", "nan"}},
      {"PROXY_HEALTH_CHECK_PATH", {"/health", "health", "http://other/models"}},
      {"PROXY_RESOURCE_COOLDOWN_SECONDS", {"0", "0", "86401"}},
      {"PROXY_MAX_RETRY_AFTER_SECONDS", {"60", "60", "-1"}},
      {"PROXY_SLOW_START_SECONDS", {"0", "0", "fast"}},
      {"PROXY_REDIS_URL", {"redis://:hunter2@h:6379/0", "redis://:***@h:6379/0", "http://h:6379"}},
      {"PROXY_REDIS_TIMEOUT_MS", {"20", "20", "0"}},
      {"PROXY_DATABASE_URL", {"sqlite:///a.db", "sqlite:///a.db", "mysql://h/d"}},
      {"SERVICE_DATABASE_URL", {"sqlite:////b.db", "sqlite:////b.db", "postgres://h:x/d"}},
      {"DATABASE_URL",
       {"postgresql+psycopg://h/d", "postgresql+psycopg://h/d", "postgresql+://h/d"}},
      {"PROXY_SQLITE_URL", {"sqlite:///d.db", "sqlite:///d.db", "file:///d.db"}},
      {"PROXY_RECORD_RETENTION_DAYS", {"30", "30", "-1"}},
      {"PROXY_IN_PROCESS_WORKER", {"on", "true", "sure"}},
      {"PROXY_TELEMETRY_STREAM", {"a:b", "a:b", "a b"}},
      {"PROXY_TELEMETRY_STREAM_EVENTS", {"1000", "1000", "0"}},
      {"PROXY_TELEMETRY_GROUP", {"g", "g", "g,h"}},
      {"PROXY_TELEMETRY_CONSUMER", {"worker-2", "worker-2", std::string(129, 'w')}},
      {"PROXY_TELEMETRY_QUEUE_SIZE", {"1", "1", "many"}},
      {"PROXY_TELEMETRY_SPOOL_PATH", {"/var/spool/rp", "/var/spool/rp", std::string(5000, 'x')}},
      {"PROXY_TELEMETRY_SPOOL_BYTES", {"0", "0", "-1"}},
      {"PROXY_ROUTING_REFRESH_INTERVAL_SECONDS", {"0.5", "0.5", "0"}},
      {"PROXY_REGISTRY_FILE", {"/etc/rp.json", "/etc/rp.json", std::string(5000, 'x')}},
      {"PROXY_ROUTING_CACHE_PATH", {"/var/rp.json", "/var/rp.json", std::string(5000, 'x')}},
      {"PROXY_ALLOW_PRIVATE_UPSTREAMS", {"no", "false", "maybe"}},
      {"MODEL_CATALOG_JSON", {"/etc/models.json", "/etc/models.json", std::string(5000, 'x')}},
      {"OTEL_EXPORTER_OTLP_ENDPOINT",
       {"http://localhost:4318/", "http://localhost:4318", "localhost:4318"}},
      {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
       {"https://o.example/t", "https://o.example/t", "o.example/t"}},
      {"OTEL_EXPORTER_OTLP_HEADERS", {"x-key=abc%20def,y=1", "...,y=1", "x-key"}},
      {"OTEL_SERVICE_NAME", {"gateway", "gateway", std::string(5000, 'x')}},
      {"OTEL_TRACES_SAMPLER", {"Always_Off", "always_off", "sometimes"}},
      {"OTEL_TRACES_SAMPLER_ARG", {"0.25", "0.25", "1.5"}},
      {"PROXY_DRAIN_TIMEOUT_SECONDS", {"0", "0", "3601"}},
  };
  return all;
}

std::string observe(const Field& field, const Config& config) {
  if (field.show) return field.show(config);
  if (field.name == "OPENAI_RESOURCE_NAMES") return config.resources.at(0).name;
  if (field.name.ends_with("DATABASE_URL") || field.name == "PROXY_SQLITE_URL") {
    return config.database_url.reveal();
  }
  std::string text;
  for (const Resource& resource : config.resources) {
    std::string weight = std::to_string(resource.weight);
    weight.erase(weight.find_last_not_of('0') + 1);
    if (weight.ends_with('.')) weight.pop_back();
    text += (text.empty() ? "" : " ") + resource.pool_id + ":" + weight + ":" +
            resource.credential.reveal();
  }
  return text;
}

Variables with(Variables variables, const std::string& name, const std::string& value) {
  variables[name] = value;
  return variables;
}

}  // namespace

TEST_CASE("every field has a sample, and every sample a field") {
  std::set<std::string> fields;
  for (const Field& field : field_table()) {
    CAPTURE(field.name);
    CHECK(fields.insert(field.name).second);
    CHECK(samples().contains(field.name));
    CHECK_FALSE(field.description.empty());
    CHECK_FALSE(field.type.empty());
    CHECK_FALSE(field.allowed.empty());
  }
  CHECK(fields.size() == samples().size());
}

TEST_CASE("defaults of the table are those of an empty environment") {
  const LoadedConfig loaded = load({});
  CHECK(loaded.errors.empty());
  CHECK(loaded.warnings.empty());
  for (const Field& field : field_table()) {
    CAPTURE(field.name);
    if (field.name == "PROXY_DATABASE_URL") continue;  // its default is PROXY_SQLITE_URL's
    if (!field.show) continue;
    CHECK(field.show(loaded.config) == field.default_text);
    CHECK(field.show(Config{}) == field.default_text);
  }
  CHECK(loaded.config.database_url.reveal() == "sqlite:///./data/proxy.sqlite3");
  CHECK(loaded.config.resources.empty());
}

TEST_CASE("a default written out is allowed and changes nothing") {
  const std::string untouched = describe_config(load({}).config);
  for (const Field& field : field_table()) {
    if (field.default_text.empty()) continue;
    CAPTURE(field.name);
    const LoadedConfig loaded = load({{field.name, field.default_text}});
    CHECK(loaded.errors.empty());
    CHECK(describe_config(loaded.config) == untouched);
  }
}

TEST_CASE("a good value is stored") {
  for (const Field& field : field_table()) {
    const Sample& sample = samples().at(field.name);
    for (const std::string& variable : {field.variables().front(), field.variables().back()}) {
      CAPTURE(variable);
      const LoadedConfig loaded = load(with(sample.beside, variable, sample.good));
      CHECK(loaded.errors.empty());
      CHECK(loaded.warnings.empty());
      CHECK(observe(field, loaded.config) == sample.effect);
      CHECK(sample.effect != field.default_text);
    }
  }
}

TEST_CASE("a bad value is an error with variable, value and what is allowed") {
  for (const Field& field : field_table()) {
    const Sample& sample = samples().at(field.name);
    const std::string variable = field.variables().front();
    CAPTURE(variable);
    const LoadedConfig loaded = load(with(sample.beside, variable, sample.bad));
    REQUIRE(loaded.errors.size() == 1);
    const ConfigError& error = loaded.errors.front();
    CHECK(error.variable == variable);
    CHECK(error.message.starts_with(variable + ": \""));
    CHECK(error.message.ends_with("; allowed: " + field.allowed));
    if (field.secrecy != Secrecy::credential && sample.bad.size() < 200) {
      CHECK(error.message.starts_with(variable + ": \"" + sample.bad + "\" "));
    }
  }
}

TEST_CASE("empty and blank values count as unset, control characters never pass") {
  const std::string untouched = describe_config(load({}).config);
  for (const Field& field : field_table()) {
    const std::string variable = field.variables().front();
    CAPTURE(variable);
    for (const char* blank : {"", "  \t\r\n"}) {
      const LoadedConfig loaded = load({{variable, blank}});
      CHECK(loaded.errors.empty());
      CHECK(describe_config(loaded.config) == untouched);
    }
    const Sample& sample = samples().at(field.name);
    const LoadedConfig injected =
        load(with(sample.beside, variable, sample.good + "\r\nX-Evil: 1"));
    REQUIRE(injected.errors.size() == 1);
    CHECK(injected.errors.front().variable == variable);
    CHECK(injected.errors.front().message.find_first_of("\r\n") == std::string::npos);
  }
}
