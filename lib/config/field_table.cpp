#include "config/field_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/aliases.h"
#include "config/field_types.h"
#include "config/otlp_headers.h"
#include "config/store_urls.h"
#include "config_values/url.h"
#include "config_values/value_parser.h"
#include "responses_proxy/balancing_policy.h"

namespace responses_proxy::config {
namespace {

constexpr Group kKeys{
    "API keys and pools",
    "Each key becomes one resource of the load balancer, in the order `OPENAI_API_KEY`, "
    "`OPENAI_API_KEYS`, `OPENAI_API_KEY_1`, `OPENAI_API_KEY_2`, ...; gaps in the numbers are fine, "
    "and a key that appears twice counts once. Names, weights and pool names belong to the keys by "
    "their position in that order. A shorter list is padded, a longer one is an error.\n\nA "
    "resource's id (`openai-` and 8 digits) is made from base URL and key: it stays the same when "
    "keys are added, removed or put in another order, and is what headers, lists, filters, records "
    "and metrics show. Its name (`openai-1`, `openai-2`, ... by position unless "
    "`OPENAI_RESOURCE_NAMES` says otherwise) is what the dashboard, the log and error messages "
    "show; `/admin/state` and `check-config` show both."};
constexpr Group kListening{"Listening", ""};
constexpr Group kLog{"Log", ""};
constexpr Group kAccess{"Access",
                        "Without `PROXY_CLIENT_TOKENS` everyone who reaches the port can use the "
                        "keys. The server warns "
                        "when it listens on more than the loopback interface without protection."};
constexpr Group kUpstream{"Upstream", ""};
constexpr Group kWebSocket{"WebSocket", ""};
constexpr Group kLimits{"Limits", ""};
constexpr Group kRouting{
    "Routing",
    "A request goes to one of the keys of the pool it asks for, or of all keys. If its `model` is "
    "an "
    "alias, it goes to one of the alias's targets instead, whatever pool it asks for, and the "
    "model "
    "is called there as the target says. `PROXY_MODEL_ALIASES` is a JSON object on one line, with "
    "a "
    "target or a list of targets for each alias. A target has `pool` or `resources` (a list of "
    "names "
    "or ids; with neither it is every key), and `model`, the name to send upstream (without it the "
    "name stays as it is):\n\n"
    "    {\"fast\": {\"pool\": \"interactive\", \"model\": \"gpt-5.5-mini\"},\n"
    "     \"large\": [{\"resources\": [\"team-a\"], \"model\": \"gpt-5.5\"},\n"
    "               {\"pool\": \"spare\", \"model\": \"gpt-5.4\"}]}"};
constexpr Group kAffinity{"Affinity", ""};
constexpr Group kHealth{"Health", ""};
constexpr Group kState{
    "State and records",
    "The database is the first of `PROXY_DATABASE_URL`, `SERVICE_DATABASE_URL`, `DATABASE_URL` and "
    "`PROXY_SQLITE_URL` that is set. PostgreSQL is `postgres://`, `postgresql://` or "
    "`postgresql+driver://`; libpq's parameters (`sslmode=require`) pass through, others are "
    "refused, and passwords are percent-encoded. SQLite takes no parameters. A server that cannot "
    "be reached stops neither the start nor requests: "
    "records wait in the spool. Without `PROXY_REDIS_URL` live state is kept in the process; "
    "[scaling.md](scaling.md) says what Redis adds."};
constexpr Group kRegistry{"Registry",
                          "Providers and aliases that are registered while the server runs: "
                          "[providers.md](providers.md)."};
constexpr Group kTraces{
    "Traces",
    "With an endpoint, requests are exported as spans in OTLP over HTTP (`http/json`): "
    "[operating.md](operating.md#traces). The variables are those of OpenTelemetry's own SDKs."};
constexpr Group kShutdown{"Shutdown", ""};

constexpr std::int64_t kMaxBytes = 1'073'741'824;
constexpr std::int64_t kMaxCaptureBytes = 16'777'216;  // two of them fit in the telemetry queue
constexpr std::int64_t kMinuteMillis = 60'000;
constexpr std::int64_t kHourMillis = 60 * kMinuteMillis;
constexpr std::int64_t kDayMillis = 24 * kHourMillis;
constexpr std::int64_t kMaxRetentionDays = 36'500;

constexpr std::string_view kNumber = "<N>";

Field named(std::string name, const Group& group, std::string default_text,
            std::string description) {
  Field field;
  field.name = std::move(name);
  field.group = &group;
  field.default_text = std::move(default_text);
  field.description = std::move(description);
  return field;
}

void add_key(Draft& draft, Secret key) {
  if (std::find(draft.keys.begin(), draft.keys.end(), key) == draft.keys.end()) {
    draft.keys.push_back(std::move(key));
  }
}

// No key has a comma, a blank or a semicolon in it: there are several, or "Bearer" stands before
// it.
std::string list_problem(std::string_view key, std::string_view remedy) {
  if (key.find_first_of(", \t;") != std::string_view::npos) {
    return "is more than one key: " + std::string(remedy);
  }
  return key.starts_with("OPENAI_API_KEY") ? "has the variable's name in it" : "";
}

Field api_key(Field field) {
  field.type = "a secret";
  field.allowed = kCredentialAllowed;
  field.secrecy = Secrecy::credential;
  field.store = [](Draft& draft, std::string_view value) -> std::string {
    std::string problem =
        list_problem(value, "several go into OPENAI_API_KEYS, with commas between them");
    if (problem.empty()) problem = credential_problem(value);
    if (problem.empty()) add_key(draft, Secret(std::string(value)));
    return problem;
  };
  return field;
}

Field api_key_list(Field field) {
  field.type = "a list of secrets";
  field.allowed = kCredentialListAllowed;
  field.secrecy = Secrecy::credential;
  field.store = [](Draft& draft, std::string_view value) {
    std::vector<Secret> keys;
    std::string problem = read_credentials(value, keys);
    for (const Secret& key : keys) {
      if (problem.empty()) problem = list_problem(key.reveal(), "put commas between them");
    }
    if (problem.empty()) {
      for (Secret& key : keys) add_key(draft, std::move(key));
    }
    return problem;
  };
  return field;
}

// At most one item per key, each a valid name.
Field name_list(Field field, std::vector<std::string> Draft::*member) {
  field.type = "a list of names";
  field.allowed =
      "a comma-separated list, at most one per key, each " + std::string(kIdentifierAllowed);
  field.store = [member](Draft& draft, std::string_view value) -> std::string {
    for (const std::string_view item : split_list(value)) {
      if (!is_identifier(item)) return "has an item that is not a valid name";
      (draft.*member).emplace_back(item);
    }
    return {};
  };
  return field;
}

Field weights(Field field) {
  field.type = "a list of numbers";
  field.allowed = "a comma-separated list of numbers above 0, at most one per key";
  field.store = [](Draft& draft, std::string_view value) -> std::string {
    for (const std::string_view item : split_list(value)) {
      const auto weight = parse_decimal(item);
      if (!weight || *weight <= 0) return "has an item that is not a number above 0";
      draft.weights.push_back(*weight);
    }
    return {};
  };
  return field;
}

Field default_pool(Field field) {
  field.type = "a name";
  field.allowed = kIdentifierAllowed;
  field.store = [](Draft& draft, std::string_view value) {
    return identifier_rule(value, draft.pool_id = value);
  };
  return field;
}

Field database_url(Field field) {
  field.type = "a URL";
  field.allowed =
      "postgresql://user:password@host/database, sqlite:///relative/path or "
      "sqlite:////absolute/path";
  field.secrecy = Secrecy::url;
  field.store = [name = field.name](Draft& draft, std::string_view value) -> std::string {
    if (!draft.database_variable.empty()) {
      if (draft.config.database_url.reveal() != value) {
        draft.warnings.push_back(name + " has no effect: " + draft.database_variable +
                                 " is set and comes first");
      }
      return {};
    }
    draft.database_variable = name;
    draft.config.database_url = Secret(std::string(value));
    return database_url_problem(value);
  };
  return field;
}

Field shown_database_url(Field field) {
  field = database_url(std::move(field));
  field.show = [](const Config& config) { return mask_url(config.database_url.reveal()); };
  return field;
}

using Fields = std::vector<Field>;

Fields key_fields() {
  return {
      api_key(named("OPENAI_API_KEY", kKeys, "", "One API key.")),
      api_key_list(named("OPENAI_API_KEYS", kKeys, "", "Several API keys.")),
      api_key(named("OPENAI_API_KEY_" + std::string(kNumber), kKeys, "",
                    "API keys in variables of their own, `OPENAI_API_KEY_1` to `OPENAI_API_KEY_" +
                        std::to_string(kMaxNumberedKeys) + "`.")),
      name_list(named("OPENAI_RESOURCE_NAMES", kKeys, "",
                      "Name of each key by position, for people; no two may be the same. Keys "
                      "without one are called `openai-<position>`."),
                &Draft::names),
      weights(named("OPENAI_RESOURCE_WEIGHTS", kKeys, "",
                    "Share of the load by position: twice the weight, twice the requests. Keys "
                    "without one have weight 1.")),
      default_pool(
          named("OPENAI_RESOURCE_POOL_ID", kKeys, std::string(kDefaultPool),
                "Pool of the keys that `OPENAI_RESOURCE_POOL_IDS` does not name one for.")),
      name_list(
          named("OPENAI_RESOURCE_POOL_IDS", kKeys, "",
                "Pool of each key by position. Requests ask for a pool with the `X-Proxy-Pool-ID` "
                "header."),
          &Draft::pool_ids),
  };
}

Fields listening_fields() {
  return {
      text(named("PROXY_HOST", kListening, "127.0.0.1",
                 "Address to listen on; `0.0.0.0` or `::` for every interface."),
           "an IP address or a host name", &Config::host, host_rule),
      integer(named("PROXY_PORT", kListening, "8000", "TCP port to listen on; 0 takes a free one."),
              &Config::port, {0, 65535}),
      text(named("PROXY_ADMIN_BIND", kListening, "",
                 "Address of the control plane (admin, dashboard, metrics) if it is to have a port "
                 "of its own. Unset: it is served on `PROXY_PORT` too."),
           "host:port, an IPv6 address in brackets", &Config::admin_bind, host_port_rule),
      text(named("PROXY_TLS_CERT_FILE", kListening, "",
                 "Certificate (PEM, its chain behind it) that makes the server speak TLS, the "
                 "control plane included. SIGHUP reads it again. Needs `PROXY_TLS_KEY_FILE`."),
           "a file path", &Config::tls_cert_file, file_rule),
      text(named("PROXY_TLS_KEY_FILE", kListening, "",
                 "Private key of that certificate (PEM, without a pass phrase)."),
           "a file path", &Config::tls_key_file, file_rule),
      text(named("PROXY_TLS_CLIENT_CA_FILE", kListening, "",
                 "Certificate authorities (PEM) that clients have to be vouched for by; unset: "
                 "clients need no certificate."),
           "a file path", &Config::tls_client_ca_file, file_rule),
      integer(named("PROXY_IO_THREADS", kListening, "0",
                    "Threads that serve requests; 0 for one per core."),
              &Config::io_threads, {0, 1024}),
  };
}

Fields log_fields() {
  return {
      // The other words are what people know from elsewhere.
      choice<LogLevel>(
          named("PROXY_LOG_LEVEL", kLog, "info", "Least severe events that are logged."),
          {{"info", LogLevel::info},
           {"warning", LogLevel::warning},
           {"error", LogLevel::error},
           {"off", LogLevel::off},
           {"trace", LogLevel::info},
           {"debug", LogLevel::info},
           {"critical", LogLevel::error}},
          &Config::log_level),
      choice<LogFormat>(
          named("PROXY_LOG_FORMAT", kLog, "text", "Lines for people, or one JSON object per line."),
          {{"text", LogFormat::text}, {"json", LogFormat::json}}, &Config::log_format),
      text(named("PROXY_LOG_FILE", kLog, "",
                 "File that the log is appended to; unset: standard error. SIGUSR1 and SIGHUP open "
                 "it anew."),
           "a file path", &Config::log_file, file_rule),
      choice<AccessLogFormat>(
          named("PROXY_ACCESS_LOG", kLog, "off",
                "One line per request, and per turn on a WebSocket, when it has ended: `text`, or "
                "`json` with the fields of `/admin/requests`."),
          {{"off", AccessLogFormat::off},
           {"text", AccessLogFormat::text},
           {"json", AccessLogFormat::json}},
          &Config::access_log),
      text(named("PROXY_ACCESS_LOG_FILE", kLog, "",
                 "File that these lines are appended to; unset: standard error. SIGUSR1 and SIGHUP "
                 "open it anew."),
           "a file path", &Config::access_log_file, file_rule),
  };
}

Fields access_fields() {
  return {
      client_token_list(
          named("PROXY_CLIENT_TOKENS", kAccess, "",
                "Bearer tokens; when set, every request under `/v1` needs one of them. With "
                "`name:token` the requests of that token are on record under this name, else under "
                "its position (`token-2`); a token that has a colon needs a name."),
          &Config::client_tokens),
      text_list(named("PROXY_ALLOWED_ORIGINS", kAccess, "",
                      "Origins of pages in browsers that may use the server although they are not "
                      "its own; they get CORS answers."),
                "a comma-separated list of origins like https://app.example:8443",
                &Config::allowed_origins, origin_rule),
      text_list(named("PROXY_ALLOWED_HOSTS", kAccess, "",
                      "Names, besides those of loopback, that clients may reach the server by. "
                      "Unset: any name, but on a loopback address only those of loopback."),
                "a comma-separated list of host names or IP addresses, without port",
                &Config::allowed_hosts, host_rule),
      credential(named("PROXY_ADMIN_TOKEN", kAccess, "",
                       "Bearer token of the registry endpoints, and with `PROXY_ADMIN_PROTECT=all` "
                       "of everything under `/admin`."),
                 &Config::admin_token),
      choice<AdminProtection>(
          named("PROXY_ADMIN_PROTECT", kAccess, "registry",
                "What the admin token protects: the registry endpoints, or all of `/admin` and the "
                "dashboard's data. `all` needs `PROXY_ADMIN_TOKEN`."),
          {{"registry", AdminProtection::registry}, {"all", AdminProtection::all}},
          &Config::admin_protect),
      encryption_keys(
          named("PROXY_SECRET_ENCRYPTION_KEY", kAccess, "",
                "Encrypts the provider keys that are registered at run time, and the summaries of "
                "[compactions](translation.md#compaction); must stay the same as long as they are "
                "to be readable. `openssl rand -base64 32` makes one. Of several "
                "the first encrypts and all decrypt ([rotation](providers.md#secrets))."),
          &Config::secret_encryption_keys),
  };
}

Fields upstream_fields() {
  return {
      text(named("PROXY_UPSTREAM_BASE_URL", kUpstream, "https://api.openai.com/v1",
                 "Where the keys are used. A trailing slash is dropped."),
           "an http:// or https:// URL without credentials, query and fragment",
           &Config::upstream_base_url, base_url_rule),
      seconds(named("PROXY_REQUEST_TIMEOUT_SECONDS", kUpstream, "600",
                    "Longest time for one upstream request, its stream included."),
              &Config::request_timeout, {1, kDayMillis}),
      seconds(named("PROXY_CONNECT_TIMEOUT_SECONDS", kUpstream, "10",
                    "Longest time until the upstream connection stands, TLS included."),
              &Config::connect_timeout, {1, kHourMillis}),
      seconds(named("PROXY_FIRST_BYTE_TIMEOUT_SECONDS", kUpstream, "0",
                    "Longest time until the first byte of the upstream's answer; 0 is off."),
              &Config::first_byte_timeout, {0, kDayMillis}),
      seconds(
          named("PROXY_STREAM_IDLE_TIMEOUT_SECONDS", kUpstream, "300",
                "Longest silence of the upstream within an answer, and longest time that it takes "
                "nothing of a request."),
          &Config::idle_timeout, {1, kDayMillis}),
      milliseconds(named("PROXY_STREAM_HOLDBACK_MS", kUpstream, "200",
                         "How long the opening events of a stream are held back, so that an "
                         "overload that follows them can still move to another key; 0 is off."),
                   &Config::stream_holdback, {0, kMinuteMillis}),
      choice<ForeignReasoning>(
          named("PROXY_FOREIGN_REASONING", kUpstream, "drop",
                "What a model's thoughts become that were made by another provider than the one "
                "that goes on, where that speaks another API than this one: `drop` leaves them "
                "out, `text` tells what can be read of them as text ([translation]"
                "(translation.md#thoughts-of-another-provider))."),
          {{"drop", ForeignReasoning::drop}, {"text", ForeignReasoning::text}},
          &Config::foreign_reasoning),
      integer(named("PROXY_MAX_ATTEMPTS", kUpstream, "3",
                    "Most resources that one request is tried on."),
              &Config::max_attempts, {1, 100}),
      text(named(
               "PROXY_UPSTREAM_CA_FILE", kUpstream, "",
               "Certificate authorities (PEM) that vouch for upstreams, and no others do. For HTTP "
               "and WebSocket alike, as the two below."),
           "a file path", &Config::upstream_ca_file, file_rule),
      text(named("SSL_CERT_FILE", kUpstream, "",
                 "Certificate authorities in place of the system's file, as OpenSSL takes it. No "
                 "effect with `PROXY_UPSTREAM_CA_FILE`."),
           "a file path", &Config::ssl_cert_file, file_rule),
      choice<UpstreamHttp>(
          named("PROXY_UPSTREAM_HTTP", kUpstream, "auto",
                "Who speaks HTTP to upstreams. `native`: the server itself, HTTP/1.1. `curl`: "
                "libcurl, with HTTP/2 where it is offered, and with `https_proxy`, `http_proxy`, "
                "`all_proxy` and `no_proxy` of the environment. `auto`: the server itself, but "
                "libcurl where one of those variables names a proxy, or a provider's "
                "`config.http2` is true."),
          {{"auto", UpstreamHttp::automatic},
           {"native", UpstreamHttp::native},
           {"curl", UpstreamHttp::curl}},
          &Config::upstream_http),
      text(
          named("SSL_CERT_DIR", kUpstream, "",
                "Folder of certificate authorities in place of the system's, with OpenSSL's hashed "
                "names. No effect with `PROXY_UPSTREAM_CA_FILE`."),
          "a folder path", &Config::ssl_cert_dir, file_rule),
  };
}

Fields websocket_fields() {
  return {
      boolean(named("PROXY_WEBSOCKET_ENABLED", kWebSocket, "true",
                    "Whether `/v1/responses` may be upgraded to a WebSocket; if not, clients get "
                    "426 and go on over HTTP."),
              &Config::websocket_enabled),
      boolean(named("PROXY_UPSTREAM_WEBSOCKET", kWebSocket, "true",
                    "Whether turns of WebSocket clients are sent over WebSocket to upstreams that "
                    "take it (each is asked once), or always over HTTP."),
              &Config::upstream_websocket),
      integer(named("PROXY_WEBSOCKET_MAX_MESSAGE_BYTES", kWebSocket, "16777216",
                    "Largest message of a client; a larger one closes its socket with 1009."),
              &Config::websocket_max_message_bytes, {1, kMaxBytes}, "an integer number of bytes"),
      seconds(named("PROXY_WEBSOCKET_IDLE_TIMEOUT_SECONDS", kWebSocket, "3600",
                    "How long a client's socket may stay open without a turn."),
              &Config::websocket_idle_timeout, {1, kDayMillis}),
      seconds(named("PROXY_WEBSOCKET_MAX_AGE_SECONDS", kWebSocket, "0",
                    "How old a client's socket may become; it is closed between two turns. 0 is "
                    "off."),
              &Config::websocket_max_age, {0, 30 * kDayMillis}),
      integer(named("PROXY_WEBSOCKET_STATE_BYTES", kWebSocket, "33554432",
                    "How much of its conversations is kept per client socket, so that a turn that "
                    "sends only what is new can be served by any upstream."),
              &Config::websocket_state_bytes, {0, kMaxBytes}, "an integer number of bytes"),
  };
}

Fields limit_fields() {
  return {
      integer(named("PROXY_MAX_BODY_BYTES", kLimits, "104857600",
                    "Largest request body; a larger one is answered with 413."),
              &Config::max_body_bytes, {1, kMaxBytes}, "an integer number of bytes"),
      integer(named("PROXY_MAX_CAPTURE_BYTES", kLimits, "2000000",
                    "How much of a body is kept when bodies are captured. Token usage is read from "
                    "the whole answer, whatever is kept."),
              &Config::max_capture_bytes, {0, kMaxCaptureBytes}, "an integer number of bytes"),
      text_list(named("PROXY_METRICS_MODELS", kLimits, "",
                      "Models whose tokens `/metrics` counts under their own names. Aliases always "
                      "are; the rest is counted together, as `other`."),
                "a comma-separated list of models", &Config::metrics_models, model_rule),
      boolean(named("PROXY_CAPTURE_BODIES", kLimits, "false",
                    "Whether request and response bodies are kept in the records, with credentials "
                    "masked; `/admin/telemetry` shows them."),
              &Config::capture_bodies),
  };
}

Field model_aliases(Field field) {
  field.type = "a JSON object";
  field.allowed = "a JSON object of aliases, each with a target or a list of targets";
  field.store = [](Draft& draft, std::string_view value) {
    return read_aliases(value, draft.config.aliases);
  };
  field.show = [](const Config& config) {
    std::string names;
    for (const ModelAlias& alias : config.aliases) {
      names.append(names.empty() ? "" : ", ").append(alias.name);
    }
    return names;
  };
  return field;
}

Field balancing_policy(Field field) {
  return words(
      std::move(field), {kBalancingPolicies.begin(), kBalancingPolicies.end()},
      [](Config& config, std::size_t index) {
        config.balancing_policy = kBalancingPolicies[index];
      },
      [](const Config& config) { return config.balancing_policy; });
}

Fields routing_fields() {
  return {
      model_aliases(named("PROXY_MODEL_ALIASES", kRouting, "",
                          "Names of models that only this proxy knows, and where they go.")),
      balancing_policy(named(
          "PROXY_BALANCING_POLICY", kRouting, std::string(kBalancingPolicies.front()),
          "Which of the keys that can be used gets a request that no affinity decides: the one "
          "with the fewest active requests for its weight, or each in its turn.")),
  };
}

Fields affinity_fields() {
  return {
      choice<ResponseAffinityMode>(
          named("PROXY_RESPONSE_AFFINITY", kAffinity, "require",
                "`require`: only the key that made a response continues it. `prefer`: another key "
                "may, because all of them belong to one organisation."),
          {{"require", ResponseAffinityMode::require}, {"prefer", ResponseAffinityMode::prefer}},
          &Config::response_affinity),
      seconds(named("PROXY_SESSION_AFFINITY_TTL_SECONDS", kAffinity, "3600",
                    "How long an idle session keeps its resource."),
              &Config::session_affinity_ttl, {1, 30 * kDayMillis}),
      seconds(named("PROXY_RESPONSE_STATE_TTL_SECONDS", kAffinity, "2592000",
                    "How long responses of upstreams that keep none, and their conversations, are "
                    "kept in the database after their last use. 0 = in memory only, for an hour."),
              &Config::response_state_ttl, {0, 365 * kDayMillis}),
      integer(named("PROXY_MAX_AFFINITY_ENTRIES", kAffinity, "1000000",
                    "Most responses, most items and most sessions that are remembered in memory."),
              &Config::max_affinity_entries, {1, 100'000'000}),
  };
}

Fields health_fields() {
  return {
      boolean(named("PROXY_HEALTH_CHECK_ENABLED", kHealth, "true",
                    "Whether resources are checked periodically."),
              &Config::health_check_enabled),
      seconds(named("PROXY_HEALTH_CHECK_INTERVAL_SECONDS", kHealth, "30",
                    "Time between two rounds of checks."),
              &Config::health_check_interval, {1, kDayMillis}),
      seconds(named("PROXY_HEALTH_CHECK_TIMEOUT_SECONDS", kHealth, "10",
                    "Longest time for one resource's check."),
              &Config::health_check_timeout, {1, kHourMillis}),
      text(named("PROXY_HEALTH_CHECK_PATH", kHealth, "models",
                 "What a check asks for, below the upstream base URL."),
           "a relative URL path without blanks, commas and fragment", &Config::health_check_path,
           relative_path_rule),
      seconds(
          named("PROXY_RESOURCE_COOLDOWN_SECONDS", kHealth, "30",
                "How long a degraded resource is avoided, unless its provider asks for longer."),
          &Config::resource_cooldown, {0, kDayMillis}),
      seconds(named("PROXY_MAX_RETRY_AFTER_SECONDS", kHealth, "3600",
                    "The longest time a provider's Retry-After keeps a resource out; what asks for "
                    "more is taken as this."),
              &Config::max_retry_after, {0, kDayMillis}),
      seconds(named("PROXY_SLOW_START_SECONDS", kHealth, "10",
                    "A resource that has recovered gets its full share only after this time, and "
                    "a growing one until then; 0: at once."),
              &Config::slow_start, {0, kDayMillis}),
  };
}

Fields state_fields() {
  const std::string name_allowed(kIdentifierAllowed);
  return {
      secret_url(named("PROXY_REDIS_URL", kState, "",
                       "Redis or Valkey, for replicas that share live state and the "
                       "way of their records to the database."),
                 "redis://host:port/db, rediss://host:port/db or unix:///path", &Config::redis_url,
                 redis_url_rule),
      milliseconds(named("PROXY_REDIS_TIMEOUT_MS", kState, "50",
                         "Longest time a request waits for Redis; then it goes on without."),
                   &Config::redis_timeout, {1, kMinuteMillis}),
      shown_database_url(named("PROXY_DATABASE_URL", kState, "", "Database of the records.")),
      database_url(named("SERVICE_DATABASE_URL", kState, "", "Fallback for the database.")),
      database_url(named("DATABASE_URL", kState, "", "Fallback for the database.")),
      database_url(named("PROXY_SQLITE_URL", kState, std::string(kDefaultDatabaseUrl),
                         "Fallback for the database when none of the above is set.")),
      integer(
          named("PROXY_RECORD_RETENTION_DAYS", kState, "0",
                "How many days requests and their bodies, and sessions after their last request, "
                "are kept; 0: for ever. The sums of usage by day, model, resource and caller "
                "stay. Whoever writes the records deletes them."),
          &Config::record_retention_days, {0, kMaxRetentionDays}),
      boolean(named("PROXY_IN_PROCESS_WORKER", kState, "false",
                    "Whether the server runs a worker of its own although there is Redis; if not, "
                    "`rp-server worker` writes the records. Without Redis the server always does."),
              &Config::in_process_worker),
      text(named("PROXY_TELEMETRY_STREAM", kState, "telemetry:events",
                 "Redis stream of the records on their way to the database."),
           name_allowed, &Config::telemetry_stream, identifier_rule),
      integer(
          named("PROXY_TELEMETRY_STREAM_EVENTS", kState, "1000000",
                "Most records that wait in the Redis stream. None of them is trimmed: beyond it, "
                "new ones wait in the spool of their server."),
          &Config::telemetry_stream_events, {1, 1'000'000'000}),
      text(named("PROXY_TELEMETRY_GROUP", kState, "responses-proxy-workers",
                 "Redis consumer group of the workers."),
           name_allowed, &Config::telemetry_group, identifier_rule),
      text(
          named("PROXY_TELEMETRY_CONSUMER", kState, "worker-1",
                "Prefix of a worker's name in the group; host, process id and a random text follow "
                "it."),
          name_allowed, &Config::telemetry_consumer, identifier_rule),
      integer(named("PROXY_TELEMETRY_QUEUE_SIZE", kState, "65536",
                    "Most records that wait in memory for the database or for Redis."),
              &Config::telemetry_queue_size, {1, 16'777'216}),
      text(named("PROXY_TELEMETRY_SPOOL_PATH", kState, "data/telemetry.spool",
                 "File that takes the records while the database, or Redis, does not; a second "
                 "server on "
                 "the same one does not start."),
           "a file path", &Config::telemetry_spool_path, file_rule),
      integer(named("PROXY_TELEMETRY_SPOOL_BYTES", kState, "268435456",
                    "Largest size of that file; records beyond it are lost, and counted. 0: no "
                    "file."),
              &Config::telemetry_spool_bytes, {0, 1'099'511'627'776}, "an integer number of bytes"),
  };
}

Fields registry_fields() {
  return {
      seconds(named("PROXY_ROUTING_REFRESH_INTERVAL_SECONDS", kRegistry, "5",
                    "How soon a change made through another replica, or to a file, takes effect at "
                    "the latest."),
              &Config::routing_refresh_interval, {1, kDayMillis}),
      text(named("PROXY_REGISTRY_FILE", kRegistry, "",
                 "JSON file of providers and aliases ([its form](providers.md#a-file)), read again "
                 "when it changes. What is registered in SQL under the same name comes first."),
           "a file path", &Config::registry_file, file_rule),
      text(named("PROXY_ROUTING_CACHE_PATH", kRegistry, "data/routing.json",
                 "File that keeps what was registered last, keys encrypted as in SQL, for a start "
                 "while the database is away."),
           "a file path", &Config::routing_cache_path, file_rule),
      boolean(named("PROXY_ALLOW_PRIVATE_UPSTREAMS", kRegistry, "true",
                    "Whether upstreams may have private, loopback or link-local addresses. `false` "
                    "refuses such a `base_url`, and connections to such an address whatever name "
                    "led there."),
              &Config::allow_private_upstreams),
      text(named(
               "MODEL_CATALOG_JSON", kRegistry, "",
               "Catalog file with Codex's own models (what `codex debug models --bundled` prints), "
               "read at the start: the catalog of the aliases starts from it "
               "([codex.md](codex.md#the-catalog))."),
           "a file path", &Config::model_catalog_json, file_rule),
  };
}

Field trace_headers(Field field) {
  field.type = "a list of headers";
  field.allowed = "name=value,..., values percent-encoded";
  field.secrecy = Secrecy::credential;
  field.store = [](Draft& draft, std::string_view value) -> std::string {
    draft.config.otlp_headers = Secret(std::string(value));
    std::vector<std::pair<std::string, std::string>> headers;
    return read_otlp_headers(value, headers);
  };
  field.show = [](const Config& config) { return config.otlp_headers.masked(); };
  return field;
}

Field sampler(Field field) {
  static const std::vector<std::string> words_of_it{"parentbased_always_on",
                                                    "parentbased_always_off",
                                                    "parentbased_traceidratio",
                                                    "always_on",
                                                    "always_off",
                                                    "traceidratio"};
  return words(
      std::move(field), words_of_it,
      [](Config& config, std::size_t index) { config.otel_traces_sampler = words_of_it[index]; },
      [](const Config& config) { return config.otel_traces_sampler; });
}

Field share(Field field, double Config::*member) {
  field.type = "a number";
  field.allowed = "a number from 0 to 1";
  field.store = [member](Draft& draft, std::string_view value) -> std::string {
    const auto number = parse_decimal(value);
    if (!number || *number < 0 || *number > 1) return "is not a number from 0 to 1";
    draft.config.*member = *number;
    return {};
  };
  field.show = [member](const Config& config) { return fmt::format("{}", config.*member); };
  return field;
}

Fields trace_fields() {
  const std::string url = "an http:// or https:// URL without credentials, query and fragment";
  return {
      text(named(
               "OTEL_EXPORTER_OTLP_ENDPOINT", kTraces, "",
               "Where a collector is; spans go to `/v1/traces` below it. Unset, like the next one: "
               "no traces."),
           url, &Config::otlp_endpoint, base_url_rule),
      text(named("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", kTraces, "",
                 "Where spans go, as it stands; comes before the one above."),
           url, &Config::otlp_traces_endpoint, base_url_rule),
      trace_headers(named("OTEL_EXPORTER_OTLP_HEADERS", kTraces, "",
                          "Headers for the collector, credentials among them.")),
      text(named("OTEL_SERVICE_NAME", kTraces, "rp-server", "What the spans call this service."),
           std::string(kIdentifierAllowed), &Config::otel_service_name, identifier_rule),
      sampler(named("OTEL_TRACES_SAMPLER", kTraces, "parentbased_always_on",
                    "Which requests are traced: with `parentbased_` those whose caller says so in "
                    "`traceparent`, and of those without a caller's word all, none, or the share "
                    "below.")),
      share(named("OTEL_TRACES_SAMPLER_ARG", kTraces, "1", "That share, for `traceidratio`."),
            &Config::otel_traces_sampler_arg),
  };
}

Fields shutdown_fields() {
  return {
      seconds(named("PROXY_DRAIN_TIMEOUT_SECONDS", kShutdown, "30",
                    "How long requests under way may go on after SIGTERM before they are ended."),
              &Config::drain_timeout, {0, kHourMillis}),
  };
}

}  // namespace

std::vector<std::string> Field::variables() const {
  if (!name.ends_with(kNumber)) return {name};
  const std::string prefix = name.substr(0, name.size() - kNumber.size());
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= kMaxNumberedKeys; ++i) names.push_back(prefix + std::to_string(i));
  return names;
}

std::vector<Field> field_table() {
  Fields table;
  for (const auto group :
       {key_fields, listening_fields, log_fields, access_fields, upstream_fields, websocket_fields,
        limit_fields, routing_fields, affinity_fields, health_fields, state_fields, registry_fields,
        trace_fields, shutdown_fields}) {
    for (Field& field : group()) table.push_back(std::move(field));
  }
  return table;
}

}  // namespace responses_proxy::config
