#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "config/aliases.h"
#include "config/config_text.h"
#include "config/field_table.h"
#include "config/resources.h"
#include "config_values/value_parser.h"
#include "responses_proxy/config.h"

namespace responses_proxy {
namespace config {
namespace {

using Errors = std::vector<ConfigError>;

void read_field(const Field& field, const Environment& environment, Draft& draft, Errors& errors) {
  for (const std::string& variable : field.variables()) {
    const auto raw = environment(variable);
    const std::string_view value = raw ? trim(*raw) : std::string_view();
    if (value.empty()) continue;
    std::string problem =
        has_control_character(value) ? "contains a control character" : copying_problem(value);
    if (problem.empty()) problem = field.store(draft, value);
    if (!problem.empty()) errors.push_back(value_error(field, variable, value, problem));
  }
}

// Of keys or pools that were refused there is an error already, and that is the one to mend first.
void check_aliases(Config& config, Errors& errors) {
  const bool keys_refused = std::any_of(errors.begin(), errors.end(), [](const ConfigError& error) {
    return error.variable.starts_with("OPENAI_");
  });
  if (!keys_refused) resolve_aliases(config.aliases, config.resources, errors);
}

void check_protection(const Config& config, Errors& errors) {
  if (config.admin_protect == AdminProtection::all && config.admin_token.empty()) {
    errors.push_back({"PROXY_ADMIN_PROTECT",
                      "PROXY_ADMIN_PROTECT: \"all\" needs PROXY_ADMIN_TOKEN; allowed: registry, or "
                      "all with a token"});
  }
}

void check_tls(const Config& config, Errors& errors) {
  // Of a file that was refused there is an error already.
  const bool refused = std::any_of(errors.begin(), errors.end(), [](const ConfigError& error) {
    return error.variable.starts_with("PROXY_TLS_");
  });
  if (refused) return;
  const auto needs = [&](const char* variable, const std::string& value, const char* needed,
                         const std::string& other) {
    if (value.empty() || !other.empty()) return;
    errors.push_back({variable, fmt::format("{}: \"{}\" needs {}; allowed: both, or none for HTTP "
                                            "without TLS",
                                            variable, value, needed)});
  };
  needs("PROXY_TLS_CERT_FILE", config.tls_cert_file, "PROXY_TLS_KEY_FILE", config.tls_key_file);
  needs("PROXY_TLS_KEY_FILE", config.tls_key_file, "PROXY_TLS_CERT_FILE", config.tls_cert_file);
  needs("PROXY_TLS_CLIENT_CA_FILE", config.tls_client_ca_file, "PROXY_TLS_CERT_FILE",
        config.tls_cert_file);
}

// It would ask itself, and itself again.
void check_upstream(const Config& config, Errors& errors) {
  if (!leads_to(config.upstream_base_url, config.host, config.port)) return;
  errors.push_back(
      {"PROXY_UPSTREAM_BASE_URL",
       fmt::format("PROXY_UPSTREAM_BASE_URL: \"{}\" is where this server listens itself; "
                   "allowed: the provider's URL",
                   config.upstream_base_url)});
}

// One address cannot be both.
void check_admin_bind(const Config& config, Errors& errors) {
  const auto bind = parse_host_port(config.admin_bind);
  if (!bind || bind->port == 0 || bind->port != config.port) return;
  const bool apart = bind->host != config.host && !is_any_address(bind->host) &&
                     !is_any_address(config.host) &&
                     !(is_loopback(bind->host) && is_loopback(config.host));
  if (apart) return;
  errors.push_back({"PROXY_ADMIN_BIND",
                    fmt::format("PROXY_ADMIN_BIND: \"{}\" is where clients are served "
                                "(PROXY_HOST, PROXY_PORT); allowed: another port, or none to "
                                "serve both there",
                                config.admin_bind)});
}

// The SDKs' own variables: whoever sets them expects them to work.
void warn_about_base_url(const Environment& environment, std::vector<std::string>& warnings) {
  const auto is_set = [&](const char* name) {
    const auto value = environment(name);
    return value && !trim(*value).empty();
  };
  if (is_set("PROXY_UPSTREAM_BASE_URL")) return;
  for (const char* name : {"OPENAI_BASE_URL", "OPENAI_API_BASE"}) {
    if (!is_set(name)) continue;
    warnings.push_back(fmt::format(
        "{} is not used: it says where clients find this proxy; PROXY_UPSTREAM_BASE_URL says where "
        "the proxy sends their requests",
        name));
  }
}

// Where every request would be answered with 404.
void warn_about_upstream(const Config& config, std::vector<std::string>& warnings) {
  const std::string& url = config.upstream_base_url;
  if (url == "https://api.openai.com") {
    warnings.emplace_back(
        "PROXY_UPSTREAM_BASE_URL: the API of api.openai.com is below /v1: "
        "https://api.openai.com/v1");
  }
  for (const char* ending : {"/responses", "/models", "/chat/completions"}) {
    if (!url.ends_with(ending)) continue;
    warnings.push_back(fmt::format(
        "PROXY_UPSTREAM_BASE_URL ends with {0}, which requests bring along: leave it out ({1})",
        ending, url.substr(0, url.size() - std::string_view(ending).size())));
  }
}

void warn_about_exposure(const Config& config, std::vector<std::string>& warnings) {
  if (!is_loopback(config.host) && config.client_tokens.empty()) {
    warnings.push_back(fmt::format(
        "listening on {} without PROXY_CLIENT_TOKENS: everyone who reaches it can use the keys",
        config.host));
  }
  const auto bind = parse_host_port(config.admin_bind);
  const std::string& admin_host = bind ? bind->host : config.host;
  if (!is_loopback(admin_host) && config.admin_protect != AdminProtection::all) {
    warnings.push_back(fmt::format(
        "the control plane is on {} without PROXY_ADMIN_PROTECT=all: everyone who reaches it can "
        "read requests and sessions",
        admin_host));
  }
}

}  // namespace
}  // namespace config

LoadedConfig load_config(const Environment& environment) {
  LoadedConfig loaded;
  config::Draft draft;
  draft.config.database_url = Secret(std::string(config::kDefaultDatabaseUrl));
  for (const config::Field& field : config::field_table()) {
    config::read_field(field, environment, draft, loaded.errors);
  }
  config::check_positions(draft, loaded.errors);
  config::check_protection(draft.config, loaded.errors);
  config::check_tls(draft.config, loaded.errors);
  config::check_admin_bind(draft.config, loaded.errors);
  config::check_upstream(draft.config, loaded.errors);
  if (!draft.database_variable.empty()) draft.config.database_variable = draft.database_variable;
  draft.config.resources = config::build_resources(draft);
  config::check_aliases(draft.config, loaded.errors);
  loaded.config = std::move(draft.config);
  loaded.warnings = std::move(draft.warnings);
  config::warn_about_base_url(environment, loaded.warnings);
  config::warn_about_upstream(loaded.config, loaded.warnings);
  config::warn_about_exposure(loaded.config, loaded.warnings);
  return loaded;
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

}  // namespace responses_proxy
