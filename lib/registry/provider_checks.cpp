#include "registry/provider_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>

#include "config_values/url.h"
#include "config_values/value_parser.h"
#include "core/ascii_case.h"
#include "core/field_syntax.h"
#include "core/private_address.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxBaseUrl = 2'048;
constexpr std::size_t kMaxPath = 512;
constexpr std::string_view kIdentifier = "1 to 128 characters of A-Z, a-z, 0-9 and . _ : -";
// Of whoever owns the keys of the environment.
constexpr std::string_view kReserved = "environment";

// Fields that say how the message is carried, and those whose place the credential has.
constexpr std::array<std::string_view, 18> kNotConfigurable = {
    "host",          "content-length",      "content-type",     "content-encoding",
    "connection",    "keep-alive",          "proxy-connection", "te",
    "trailer",       "transfer-encoding",   "upgrade",          "expect",
    "authorization", "proxy-authorization", "x-api-key",        "api-key",
    "cookie",        "x-goog-api-key"};

bool is_relative_path(std::string_view path) {
  const bool plain = std::all_of(path.begin(), path.end(),
                                 [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
  return !path.empty() && path.size() <= kMaxPath && plain && !path.starts_with('/') &&
         path.find("..") == std::string_view::npos && path.find("//") == std::string_view::npos;
}

std::string endpoint_problem(std::string_view path) {
  return is_relative_path(path) ? "" : "must be a path relative to base_url";
}

std::string version_problem(std::string_view text) {
  return config::is_token(text) && text.size() <= kMaxName ? "" : "must be a version";
}

bool is_variable_name(std::string_view text) {
  const auto is_part = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  return !text.empty() && text.size() <= kMaxName && std::all_of(text.begin(), text.end(), is_part);
}

// The proxy's own secrets are no provider's key: who may register providers could have them sent
// anywhere.
bool is_own_variable(std::string_view name) {
  return name.starts_with("PROXY_") || name.ends_with("DATABASE_URL");
}

// config.headers and config.query: objects of texts.
void check_texts(const Json& config, const char* name, std::vector<FieldError>& errors,
                 const std::function<std::string(const std::string&, const std::string&)>& check) {
  const auto found = config.find(name);
  if (found == config.end() || found->is_null()) return;
  const std::string path = fmt::format("config.{}", name);
  if (!found->is_object()) {
    errors.push_back({path, "must be a JSON object of texts"});
    return;
  }
  for (const auto& [key, value] : found->items()) {
    std::string problem =
        value.is_string() ? check(key, value.get<std::string>()) : std::string("must be a text");
    if (!problem.empty()) errors.push_back({fmt::format("{}.{}", path, key), std::move(problem)});
  }
}

// What this program knows of the rest; an adapter passes over what it does not understand.
void check_adapter_config(const Json& config, std::vector<FieldError>& errors) {
  FieldReader reader(config, errors, "config.");
  Json dialect;
  bool flag = false;
  std::string text;
  std::uint32_t tokens = 1;
  constexpr std::uint32_t kMaxTokens = 10'000'000;
  reader.object("dialect", dialect);
  reader.flag("websocket", flag);
  reader.flag("http2", flag);
  reader.text("endpoint_path", text, endpoint_problem);
  reader.text("anthropic_version", text, version_problem);
  if (reader.count("default_max_tokens", tokens, kMaxTokens) && tokens == 0) {
    reader.fail("default_max_tokens", "must be at least 1");
  }
}

}  // namespace

bool is_auth_type(std::string_view word) {
  return std::find(kAuthTypes.begin(), kAuthTypes.end(), word) != kAuthTypes.end();
}

std::string own_header_problem(std::string_view name) {
  if (!is_field_name(name)) return "is no header's name";
  const bool refused =
      std::any_of(kNotConfigurable.begin(), kNotConfigurable.end(),
                  [&](std::string_view one) { return equals_ignore_case(one, name); });
  return refused ? "is a header that cannot be set here" : "";
}

std::string provider_id_problem(std::string_view text) {
  if (!config::is_identifier(text) || text.find('/') != std::string_view::npos) {
    return fmt::format("must be {}", kIdentifier);
  }
  if (!config::is_in_paths(text)) return "must not be . or ..";
  return text == kReserved ? "is the name of the keys of the environment" : "";
}

std::string pool_id_problem(std::string_view text) {
  return config::is_identifier(text) ? "" : fmt::format("must be {}", kIdentifier);
}

std::string label_problem(std::string_view text) {
  if (text.empty() || text.size() > kMaxName || config::has_control_character(text)) {
    return fmt::format("must be 1 to {} bytes without control characters", kMaxName);
  }
  return {};
}

std::string_view trimmed_url(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

std::string base_url_problem(std::string_view url, bool allow_private) {
  if (url.size() > kMaxBaseUrl) return fmt::format("must have at most {} bytes", kMaxBaseUrl);
  if (std::string problem = config::base_url_problem(trimmed_url(url)); !problem.empty()) {
    return problem;
  }
  if (!allow_private && names_private_address(url)) {
    return "is a private address, which PROXY_ALLOW_PRIVATE_UPSTREAMS=false forbids";
  }
  return {};
}

std::string health_path_problem(std::string_view path) {
  if (is_relative_path(path)) return {};
  return "must be a path relative to base_url, such as models, or null for no health checks";
}

std::string reference_problem(std::string_view reference) {
  constexpr std::string_view kEnv = "env:";
  constexpr std::string_view kFile = "file:/";
  if (reference.starts_with(kEnv)) {
    const std::string_view name = reference.substr(kEnv.size());
    if (is_own_variable(name)) return "names a variable that holds a secret of the proxy itself";
    if (is_variable_name(name)) return {};
  } else if (reference.starts_with(kFile) && reference.size() <= kMaxBaseUrl &&
             !config::has_control_character(reference)) {
    return {};
  }
  return "must be env:NAME or file:/absolute/path";
}

std::string auth_name_problem(std::string_view name, std::string_view auth_type) {
  if (!is_field_name(name) || name.size() > kMaxName) {
    return auth_type == "query" ? "must be the name of a parameter" : "must be a header's name";
  }
  const bool carries_message =
      std::any_of(kNotConfigurable.begin(), kNotConfigurable.begin() + 12,
                  [&](std::string_view one) { return equals_ignore_case(one, name); });
  return carries_message ? "is a header of the connection" : "";
}

void check_config(const Provider& provider, std::vector<FieldError>& errors) {
  check_texts(provider.config, "headers", errors,
              [&](const std::string& name, const std::string& value) {
                if (!is_field_value(value)) return std::string("has a control character");
                if (equals_ignore_case(name, provider.auth_header)) {
                  return std::string("is where the credential goes");
                }
                return own_header_problem(name);
              });
  check_texts(provider.config, "query", errors,
              [&](const std::string& name, const std::string& value) -> std::string {
                if (name.empty() || config::has_control_character(value)) {
                  return "must be a parameter without control characters";
                }
                const bool credential =
                    provider.auth_type == "query" && name == provider.auth_header;
                return credential ? "is where the credential goes" : "";
              });
  check_adapter_config(provider.config, errors);
}

}  // namespace responses_proxy
