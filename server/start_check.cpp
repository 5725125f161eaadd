#include "server/start_check.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "codex/catalog_base.h"
#include "config_values/value_parser.h"
#include "core/writable.h"
#include "databases/probe_database.h"
#include "dialects/builtin_dialects.h"
#include "postgres/postgres_url.h"
#include "redis/blocking_connection.h"
#include "registry/registry_file.h"
#include "responses_proxy/upstream_trust.h"
#include "server/listen_addresses.h"
#include "server/listener_tls.h"
#include "server/start_error.h"
#include "telemetry/spool.h"

namespace responses_proxy {

namespace {

using Problems = std::vector<StartProblem>;

void check_listening(const std::string& host, std::uint16_t port, const std::string& host_variable,
                     const std::string& port_variable, Problems& problems) {
  try {
    check_free(listen_endpoints(host, port));
  } catch (const ListenError& error) {
    const bool about_port = error.about() == ListenError::About::port;
    problems.push_back({LogLevel::error, about_port ? port_variable : host_variable, error.what()});
  }
}

Problems address_problems(const Config& config) {
  Problems problems;
  check_listening(config.host, config.port, "PROXY_HOST", "PROXY_PORT", problems);
  if (const auto admin = config::parse_host_port(config.admin_bind)) {
    check_listening(admin->host, admin->port, "PROXY_ADMIN_BIND", "PROXY_ADMIN_BIND", problems);
  }
  return problems;
}

// What is said in one line, "VARIABLE: problem".
StartProblem told(LogLevel level, const std::string& line) {
  const auto colon = line.find(": ");
  return {level, line.substr(0, colon), line.substr(colon + 2)};
}

Problems certificate_problems(const Config& config) {
  const std::string problem = UpstreamTrust({.ca_file = config.upstream_ca_file,
                                             .ssl_cert_file = config.ssl_cert_file,
                                             .ssl_cert_dir = config.ssl_cert_dir})
                                  .problem();
  if (problem.empty()) return {};
  return {told(LogLevel::error, problem)};
}

Problems listener_tls_problems(const Config& config) {
  if (config.tls_cert_file.empty()) return {};
  const ListenerTls tls(ListenerTls::files_of(config));
  if (const std::string problem = tls.problem(); !problem.empty()) {
    return {told(LogLevel::error, problem)};
  }
  const std::string warning = tls.warning(SystemClock().wall());
  if (warning.empty()) return {};
  return {told(LogLevel::warning, warning)};
}

std::vector<std::string> wire_apis() {
  std::vector<std::string> names;
  for (const auto& dialect : make_builtin_dialects()) names.emplace_back(dialect->name());
  return names;
}

Problems registry_problems(const Config& config) {
  Problems problems;
  if (config.registry_file.empty()) return problems;
  const RegistryFile file = read_registry_file(
      config.registry_file,
      {.allow_private_upstreams = config.allow_private_upstreams, .wire_apis = wire_apis()});
  for (const std::string& problem : file.problems) {
    problems.push_back({LogLevel::error, "PROXY_REGISTRY_FILE",
                        fmt::format("{}: {}", config.registry_file, problem)});
  }
  return problems;
}

Problems catalog_problems(const Config& config) {
  std::string problem;
  read_catalog(config.model_catalog_json, problem);
  if (problem.empty()) return {};
  return {{LogLevel::error, "MODEL_CATALOG_JSON",
           fmt::format("{}: {}", config.model_catalog_json, problem)}};
}

void throw_first(const Problems& problems) {
  for (const StartProblem& problem : problems) {
    if (problem.level == LogLevel::error) throw StartError(problem.variable, problem.problem);
  }
}

void check_redis(const Config& config, Problems& problems) {
  RedisOptions options;
  if (config.redis_url.empty() || !parse_redis_url(config.redis_url.reveal(), options).empty()) {
    return;
  }
  try {
    BlockingConnection(options).command({"PING"});
  } catch (const RedisError& error) {
    problems.push_back(
        {LogLevel::warning, "PROXY_REDIS_URL",
         fmt::format("Redis at {} cannot be used: {}", options.address(), error.what())});
  }
}

void check_file(const std::string& variable, const std::string& path, Problems& problems) {
  if (path.empty()) return;
  const std::string problem = write_problem(path);
  if (!problem.empty()) problems.push_back({LogLevel::error, variable, problem});
}

// Only one that is there can be locked by another server.
void check_spool(const Config& config, Problems& problems) {
  if (config.telemetry_spool_bytes == 0) return;
  constexpr const char* kVariable = "PROXY_TELEMETRY_SPOOL_PATH";
  check_file(kVariable, config.telemetry_spool_path, problems);
  if (spool_in_use(config.telemetry_spool_path)) {
    problems.push_back({LogLevel::error, kVariable,
                        fmt::format("{} belongs to another rp-server that is running",
                                    config.telemetry_spool_path)});
  }
}

}  // namespace

void tell_of_database(const Config& config, const Log& log) {
  const std::string url = config.database_url.reveal();
  const std::string problem = database_problem(url, SystemClock());
  if (problem.empty()) return;
  if (!is_postgres_url(url)) throw StartError(config.database_variable, problem);
  log({LogLevel::warning,
       "database_unreachable",
       fmt::format("{}: {}; records wait until it can be reached", config.database_variable,
                   problem),
       {{"variable", config.database_variable}, {"problem", problem}}});
}

void check_addresses(const Config& config) {
  throw_first(address_problems(config));
}

void check_listener_tls(const Config& config) {
  throw_first(listener_tls_problems(config));
}

void check_registry_file(const Config& config) {
  throw_first(registry_problems(config));
}

void check_model_catalog(const Config& config) {
  throw_first(catalog_problems(config));
}

std::vector<StartProblem> find_start_problems(const Config& config) {
  Problems problems = address_problems(config);
  for (const auto find :
       {certificate_problems, listener_tls_problems, registry_problems, catalog_problems}) {
    for (StartProblem& problem : find(config)) problems.push_back(std::move(problem));
  }
  check_file("PROXY_ROUTING_CACHE_PATH", config.routing_cache_path, problems);
  check_file("PROXY_LOG_FILE", config.log_file, problems);
  check_file("PROXY_ACCESS_LOG_FILE", config.access_log_file, problems);
  check_spool(config, problems);
  const std::string database = database_problem(config.database_url.reveal(), SystemClock());
  if (!database.empty()) {
    problems.push_back({LogLevel::error, config.database_variable, database});
  }
  check_redis(config, problems);
  if (config.resources.empty()) {
    problems.push_back({LogLevel::warning, "OPENAI_API_KEY",
                        "is not set: only registered providers will serve requests"});
  }
  return problems;
}

}  // namespace responses_proxy
