#include "server/deploy/deploy_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "config/config_text.h"
#include "config_values/value_parser.h"
#include "postgres/postgres_url.h"

namespace responses_proxy {

namespace {

// They name something of this machine.
constexpr std::array<std::string_view, 6> kFiles{
    "PROXY_REGISTRY_FILE", "MODEL_CATALOG_JSON", "PROXY_UPSTREAM_CA_FILE",
    "PROXY_TLS_CERT_FILE", "PROXY_TLS_KEY_FILE", "PROXY_TLS_CLIENT_CA_FILE"};
constexpr std::array<std::string_view, 4> kNotSent{"PROXY_HOST", "PROXY_PORT", "SSL_CERT_FILE",
                                                   "SSL_CERT_DIR"};
constexpr std::size_t kMaxService = 40;

template <class List>
bool contains(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::string value_of(const Environment& environment, const std::string& name) {
  return environment(name).value_or("");
}

// As the server there sees it: where it listens is decided here.
Environment environment_there(const Environment& here) {
  return [here](const std::string& name) -> std::optional<std::string> {
    if (name == "PROXY_HOST") return "0.0.0.0";
    if (name == "PROXY_PORT") return std::to_string(kDeployedPort);
    if (contains(kNotSent, name)) return std::nullopt;
    return here(name);
  };
}

void read_api_key(const Environment& environment, ReadDeploySettings& read) {
  DeploySettings& settings = read.settings;
  const std::string of_stage =
      settings.stage == "stage" ? "MORPH_API_KEY_STAGE" : "MORPH_API_KEY_PROD";
  for (const std::string& name : {std::string("MORPH_API_KEY"), of_stage}) {
    std::string key = value_of(environment, name);
    if (key.empty()) continue;
    const bool printable =
        std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    if (!printable) {
      read.errors.push_back(name + ": has blanks or control characters in it");
    } else if (const std::string problem = config::copying_problem(key); !problem.empty()) {
      read.errors.push_back(name + ": " + problem);
    }
    settings.api_key = Secret(std::move(key));
    settings.api_key_variable = name;
    return;
  }
  read.errors.push_back(
      fmt::format("MORPH_API_KEY: is not set, and neither is {}; set one of them", of_stage));
}

bool goes_in_clear(std::string_view url) {
  if (url.starts_with("https://")) return false;
  return !url.starts_with("http://127.0.0.1:") && !url.starts_with("http://localhost:");
}

void read_addresses(const Environment& environment, ReadDeploySettings& read) {
  DeploySettings& settings = read.settings;
  const std::string domain = settings.stage == "stage" ? "stage.morph.so" : "cloud.morph.so";
  const std::string host = value_of(environment, "MORPH_API_HOST");
  settings.api_url = value_of(environment, "MORPH_BASE_URL");
  if (settings.api_url.empty()) {
    settings.api_url = fmt::format("https://{}/api", host.empty() ? domain : host);
  }
  while (settings.api_url.ends_with('/')) settings.api_url.pop_back();
  if (goes_in_clear(settings.api_url)) {
    read.errors.push_back(fmt::format(
        "MORPH_BASE_URL: \"{}\" does not begin with https://, so the API key would be sent in the "
        "clear",
        settings.api_url));
  }
  settings.ssh_host = value_of(environment, "MORPH_SSH_HOST");
  if (settings.ssh_host.empty()) settings.ssh_host = "ssh." + domain;
}

void read_origin(const Environment& environment, ReadDeploySettings& read) {
  DeploySettings& settings = read.settings;
  settings.builder_snapshot = value_of(environment, "MORPH_BUILDER_SNAPSHOT_ID");
  settings.base_image = value_of(environment, "MORPH_BASE_IMAGE_ID");
  if (settings.builder_snapshot.empty() && settings.base_image.empty()) {
    read.errors.push_back(
        "MORPH_BUILDER_SNAPSHOT_ID: is not set, and neither is MORPH_BASE_IMAGE_ID; set one of "
        "them: what the instance starts from");
  }
}

void read_variable(const config::Field& field, const std::string& name, const std::string& value,
                   ReadDeploySettings& read) {
  if (contains(kFiles, name)) {
    read.errors.push_back(fmt::format(
        "{}: names a file of this machine, which is not copied; unset it for this command", name));
  }
  read.settings.environment.push_back({name, value, config::shown_value(field, value)});
}

void read_server_variables(const Environment& there, ReadDeploySettings& read) {
  for (const config::Field& field : config::field_table()) {
    for (const std::string& name : field.variables()) {
      const std::string value = value_of(there, name);
      if (!value.empty()) read_variable(field, name, value, read);
    }
  }
}

// What a server behind a public address, on a machine that is replaced, has to have.
void check_server(const LoadedConfig& loaded, ReadDeploySettings& read) {
  const Config& config = loaded.config;
  for (const ConfigError& error : loaded.errors) read.errors.push_back(error.message);
  read.warnings = loaded.warnings;
  if (!is_postgres_url(config.database_url.reveal())) {
    read.errors.push_back(
        "PROXY_DATABASE_URL: names no PostgreSQL database; records would go with the instance");
  }
  if (config.resources.empty() && loaded.errors.empty()) {
    read.errors.push_back(
        "OPENAI_API_KEY_1: is not set; set at least one of OPENAI_API_KEY_1 to OPENAI_API_KEY_4");
  }
  if (!config.admin_bind.empty()) {
    read.errors.push_back("PROXY_ADMIN_BIND: only one port can be reached there; unset it");
  }
  if (config.admin_token.empty()) {
    read.warnings.emplace_back(
        "PROXY_ADMIN_TOKEN is not set: whoever knows the URL can register providers");
  }
  if (config.secret_encryption_keys.empty()) {
    read.warnings.emplace_back(
        "PROXY_SECRET_ENCRYPTION_KEY is not set: keys of registered providers are refused");
  }
  if (config.client_tokens.empty()) {
    read.warnings.emplace_back(
        "PROXY_CLIENT_TOKENS is not set: whoever knows the URL spends the keys' money");
  }
}

// It is part of a host name.
bool is_service_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxService && name.front() != '-' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace

ReadDeploySettings read_deploy_settings(const DeployOptions& options,
                                        const Environment& environment) {
  ReadDeploySettings read;
  read.settings.stage = options.stage;
  read.settings.service = options.service;
  if (!is_service_name(options.service)) {
    read.errors.push_back(fmt::format("--service: \"{}\" is no name of 1 to {} of a-z, 0-9 and -",
                                      options.service, kMaxService));
  }
  read_api_key(environment, read);
  read_addresses(environment, read);
  read_origin(environment, read);
  const Environment there = environment_there(environment);
  read_server_variables(there, read);
  check_server(load_config(there), read);
  return read;
}

}  // namespace responses_proxy
