// Config: everything that can be set, already parsed and checked.
//
// Role       Filled from the environment by load_config (its field table has every
//            variable once: name, type, default, unit, range, text) or by hand by an embedder.
// Ownership  Plain values; read-only after start.
// Errors     load_config names the variable, the value (masked if secret) and what is allowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/foreign_reasoning.h"
#include "responses_proxy/log.h"
#include "responses_proxy/model_alias.h"
#include "responses_proxy/resource.h"
#include "responses_proxy/secret.h"
#include "responses_proxy/upstream_client.h"

namespace RP_PUBLIC responses_proxy {

enum class ResponseAffinityMode : std::uint8_t {
  require,  // only the resource that made a response serves it
  prefer,   // keys of one organisation know each other's responses
};

enum class AdminProtection : std::uint8_t {
  registry,  // PROXY_ADMIN_TOKEN guards the registry endpoints
  all,       // ... and everything else under /admin and the dashboard's data
};

enum class LogFormat : std::uint8_t { text, json };
enum class AccessLogFormat : std::uint8_t { off, text, json };

// Who sends this token is called by this name: in records, lists and metrics.
struct ClientToken {
  std::string name;  // "alice"; "token-2" for the second of the list, where it has none of its own
  Secret secret;
};

struct Config {
  // Listening
  std::string host = "127.0.0.1";  // PROXY_HOST
  std::uint16_t port = 8000;       // PROXY_PORT, 0 = any free one
  std::string tls_cert_file;       // PROXY_TLS_CERT_FILE; "" = no TLS
  std::string tls_key_file;        // PROXY_TLS_KEY_FILE
  std::string tls_client_ca_file;  // PROXY_TLS_CLIENT_CA_FILE; "" = clients need no certificate
  std::string admin_bind;      // PROXY_ADMIN_BIND, "host:port"; "" = relayed from the public port
  std::size_t io_threads = 0;  // PROXY_IO_THREADS, 0 = one per core
  LogLevel log_level = LogLevel::info;     // PROXY_LOG_LEVEL, the least severe that is logged
  LogFormat log_format = LogFormat::text;  // PROXY_LOG_FORMAT
  std::string log_file;                    // PROXY_LOG_FILE, "" = standard error
  AccessLogFormat access_log = AccessLogFormat::off;  // PROXY_ACCESS_LOG
  std::string access_log_file;                        // PROXY_ACCESS_LOG_FILE, "" = standard error

  // Who may do what
  Secret admin_token;                                         // PROXY_ADMIN_TOKEN
  AdminProtection admin_protect = AdminProtection::registry;  // PROXY_ADMIN_PROTECT
  std::vector<ClientToken> client_tokens;                     // PROXY_CLIENT_TOKENS
  std::vector<std::string> allowed_origins;                   // PROXY_ALLOWED_ORIGINS, normal form
  std::vector<std::string> allowed_hosts;                     // PROXY_ALLOWED_HOSTS
  std::vector<Secret> secret_encryption_keys;                 // PROXY_SECRET_ENCRYPTION_KEY

  // Upstream
  std::string upstream_base_url = "https://api.openai.com/v1";  // PROXY_UPSTREAM_BASE_URL
  bool upstream_websocket = true;                               // PROXY_UPSTREAM_WEBSOCKET
  UpstreamHttp upstream_http = UpstreamHttp::automatic;         // PROXY_UPSTREAM_HTTP
  std::string upstream_ca_file;     // PROXY_UPSTREAM_CA_FILE: these authorities and no others
  std::string ssl_cert_file;        // SSL_CERT_FILE, in place of the system's; "" = system
  std::string ssl_cert_dir;         // SSL_CERT_DIR, likewise
  std::vector<Resource> resources;  // from OPENAI_API_KEY*, OPENAI_RESOURCE_*
  Millis request_timeout{600'000};  // PROXY_REQUEST_TIMEOUT_SECONDS
  Millis connect_timeout{10'000};   // PROXY_CONNECT_TIMEOUT_SECONDS
  Millis first_byte_timeout{0};     // PROXY_FIRST_BYTE_TIMEOUT_SECONDS, 0 = off
  Millis idle_timeout{300'000};     // PROXY_STREAM_IDLE_TIMEOUT_SECONDS
  Millis stream_holdback{200};      // PROXY_STREAM_HOLDBACK_MS
  std::size_t max_attempts = 3;     // PROXY_MAX_ATTEMPTS
  ForeignReasoning foreign_reasoning = ForeignReasoning::drop;  // PROXY_FOREIGN_REASONING

  // WebSocket
  bool websocket_enabled = true;                         // PROXY_WEBSOCKET_ENABLED
  std::size_t websocket_max_message_bytes = 16'777'216;  // PROXY_WEBSOCKET_MAX_MESSAGE_BYTES
  Millis websocket_idle_timeout{3'600'000};              // PROXY_WEBSOCKET_IDLE_TIMEOUT_SECONDS
  Millis websocket_max_age{0};                     // PROXY_WEBSOCKET_MAX_AGE_SECONDS, 0 = no limit
  std::size_t websocket_state_bytes = 33'554'432;  // PROXY_WEBSOCKET_STATE_BYTES, per client socket

  // Limits
  std::size_t max_body_bytes = 104'857'600;   // PROXY_MAX_BODY_BYTES
  std::size_t max_capture_bytes = 2'000'000;  // PROXY_MAX_CAPTURE_BYTES
  bool capture_bodies = false;                // PROXY_CAPTURE_BODIES
  std::vector<std::string> metrics_models;    // PROXY_METRICS_MODELS

  // Routing
  std::vector<ModelAlias> aliases;                              // PROXY_MODEL_ALIASES
  std::string balancing_policy = "weighted_least_connections";  // PROXY_BALANCING_POLICY

  // Affinity
  ResponseAffinityMode response_affinity =
      ResponseAffinityMode::require;             // PROXY_RESPONSE_AFFINITY
  Millis session_affinity_ttl{3'600'000};        // PROXY_SESSION_AFFINITY_TTL_SECONDS
  Millis response_state_ttl{2'592'000'000};      // PROXY_RESPONSE_STATE_TTL_SECONDS, 0 = in memory
  std::size_t max_affinity_entries = 1'000'000;  // PROXY_MAX_AFFINITY_ENTRIES, per kind

  // Health
  bool health_check_enabled = true;          // PROXY_HEALTH_CHECK_ENABLED
  Millis health_check_interval{30'000};      // PROXY_HEALTH_CHECK_INTERVAL_SECONDS
  Millis health_check_timeout{10'000};       // PROXY_HEALTH_CHECK_TIMEOUT_SECONDS
  std::string health_check_path = "models";  // PROXY_HEALTH_CHECK_PATH
  Millis resource_cooldown{30'000};          // PROXY_RESOURCE_COOLDOWN_SECONDS
  Millis max_retry_after{3'600'000};         // PROXY_MAX_RETRY_AFTER_SECONDS
  Millis slow_start{10'000};                 // PROXY_SLOW_START_SECONDS, 0 = off

  // State and records
  Secret redis_url;     // PROXY_REDIS_URL (may hold a password); empty = in-memory live state
  Secret database_url;  // first of PROXY_DATABASE_URL, SERVICE_DATABASE_URL, DATABASE_URL,
                        // PROXY_SQLITE_URL (may hold a password)
  std::string database_variable = "PROXY_SQLITE_URL";       // the one of them that is in effect
  std::uint32_t record_retention_days = 0;                  // PROXY_RECORD_RETENTION_DAYS, 0 = all
  bool in_process_worker = false;                           // PROXY_IN_PROCESS_WORKER
  Millis redis_timeout{50};                                 // PROXY_REDIS_TIMEOUT_MS
  std::string telemetry_stream = "telemetry:events";        // PROXY_TELEMETRY_STREAM
  std::uint64_t telemetry_stream_events = 1'000'000;        // PROXY_TELEMETRY_STREAM_EVENTS
  std::string telemetry_group = "responses-proxy-workers";  // PROXY_TELEMETRY_GROUP
  std::string telemetry_consumer = "worker-1";              // PROXY_TELEMETRY_CONSUMER
  std::size_t telemetry_queue_size = 65'536;                // PROXY_TELEMETRY_QUEUE_SIZE, records
  std::string telemetry_spool_path = "data/telemetry.spool";  // PROXY_TELEMETRY_SPOOL_PATH
  std::uint64_t telemetry_spool_bytes = 268'435'456;  // PROXY_TELEMETRY_SPOOL_BYTES, 0 = no spool

  // Registry
  Millis routing_refresh_interval{5'000};                // PROXY_ROUTING_REFRESH_INTERVAL_SECONDS
  std::string registry_file;                             // PROXY_REGISTRY_FILE, path; "" = none
  std::string routing_cache_path = "data/routing.json";  // PROXY_ROUTING_CACHE_PATH
  bool allow_private_upstreams = true;                   // PROXY_ALLOW_PRIVATE_UPSTREAMS
  std::string model_catalog_json;                        // MODEL_CATALOG_JSON, path

  // Traces
  std::string otlp_endpoint;         // OTEL_EXPORTER_OTLP_ENDPOINT, without /v1/traces
  std::string otlp_traces_endpoint;  // OTEL_EXPORTER_OTLP_TRACES_ENDPOINT; both "": no traces
  Secret otlp_headers;               // OTEL_EXPORTER_OTLP_HEADERS, "name=value,..."
  std::string otel_service_name = "rp-server";                // OTEL_SERVICE_NAME
  std::string otel_traces_sampler = "parentbased_always_on";  // OTEL_TRACES_SAMPLER
  double otel_traces_sampler_arg = 1;                         // OTEL_TRACES_SAMPLER_ARG

  // Shutdown
  Millis drain_timeout{30'000};  // PROXY_DRAIN_TIMEOUT_SECONDS
};

// Looks a variable up; std::nullopt = not set. Injected so that tests need no process environment.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

struct ConfigError {
  std::string variable;  // "PROXY_PORT"
  std::string message;   // the whole sentence: variable, value, what is allowed
};

struct LoadedConfig {
  Config config;
  std::vector<ConfigError> errors;    // all of them, not only the first; config is unusable then
  std::vector<std::string> warnings;  // set, but without effect or risky
};

LoadedConfig load_config(const Environment& environment);
// The environment of this process.
Environment process_environment();

}  // namespace responses_proxy
