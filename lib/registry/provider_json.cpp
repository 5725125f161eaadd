#include "registry/provider_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "config/url.h"
#include "config/value_parser.h"
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
constexpr std::array<std::string_view, 4> kAuthTypes = {"bearer", "api_key", "query", "none"};
// Of whoever owns the keys of the environment.
constexpr std::string_view kReserved = "environment";

// Fields that say how the message is carried, and those whose place the credential has.
constexpr std::array<std::string_view, 18> kNotConfigurable = {
    "host",          "content-length",      "content-type",     "content-encoding",
    "connection",    "keep-alive",          "proxy-connection", "te",
    "trailer",       "transfer-encoding",   "upgrade",          "expect",
    "authorization", "proxy-authorization", "x-api-key",        "api-key",
    "cookie",        "x-goog-api-key"};

std::string id_problem(std::string_view text) {
  if (!config::is_identifier(text) || text.find('/') != std::string_view::npos) {
    return fmt::format("must be {}", kIdentifier);
  }
  return text == kReserved ? "is the name of the keys of the environment" : "";
}

std::string pool_problem(std::string_view text) {
  return config::is_identifier(text) ? "" : fmt::format("must be {}", kIdentifier);
}

std::string label_problem(std::string_view text) {
  if (text.empty() || text.size() > kMaxName || config::has_control_character(text)) {
    return fmt::format("must be 1 to {} bytes without control characters", kMaxName);
  }
  return {};
}

// Without the trailing slashes that everybody writes.
std::string_view trimmed_url(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

std::string url_problem(std::string_view url, const ProviderRules& rules) {
  if (url.size() > kMaxBaseUrl) return fmt::format("must have at most {} bytes", kMaxBaseUrl);
  if (std::string problem = config::base_url_problem(trimmed_url(url)); !problem.empty()) {
    return problem;
  }
  if (!rules.allow_private_upstreams && names_private_address(url)) {
    return "is a private address, which PROXY_ALLOW_PRIVATE_UPSTREAMS=false forbids";
  }
  return {};
}

bool is_relative_path(std::string_view path) {
  const bool plain = std::all_of(path.begin(), path.end(),
                                 [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
  return !path.empty() && path.size() <= kMaxPath && plain && !path.starts_with('/') &&
         path.find("..") == std::string_view::npos && path.find("//") == std::string_view::npos;
}

std::string path_problem(std::string_view path) {
  if (is_relative_path(path)) return {};
  return "must be a path relative to base_url, such as models, or null for no health checks";
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

std::string default_auth_name(std::string_view auth_type) {
  if (auth_type == "api_key") return "x-api-key";
  return auth_type == "query" ? "key" : "authorization";
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
  bool websocket = false;
  std::string text;
  std::uint32_t tokens = 1;
  constexpr std::uint32_t kMaxTokens = 10'000'000;
  reader.object("dialect", dialect);
  reader.flag("websocket", websocket);
  reader.text("endpoint_path", text, endpoint_problem);
  reader.text("anthropic_version", text, version_problem);
  if (reader.count("default_max_tokens", tokens, kMaxTokens) && tokens == 0) {
    reader.fail("default_max_tokens", "must be at least 1");
  }
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

void read_settings(FieldReader& reader, Provider& provider, const ProviderRules& rules) {
  reader.required_text("id", provider.id, id_problem);
  if (!reader.text("name", provider.name, label_problem)) provider.name = provider.id;
  reader.text("provider_type", provider.provider_type, label_problem);
  if (reader.required_text("base_url", provider.base_url,
                           [&](std::string_view url) { return url_problem(url, rules); })) {
    provider.base_url = trimmed_url(provider.base_url);
  }
  reader.text("wire_api", provider.wire_api,
              one_of({"responses", "chat_completions", "anthropic_messages", "custom"}));
  reader.text("auth_type", provider.auth_type, one_of({kAuthTypes.begin(), kAuthTypes.end()}));
  provider.auth_header = default_auth_name(provider.auth_type);
  reader.text("auth_header", provider.auth_header,
              [&](std::string_view name) { return auth_name_problem(name, provider.auth_type); });
  if (reader.is_null("health_path")) provider.health_path.reset();
  std::string path;
  if (reader.text("health_path", path, path_problem)) provider.health_path = path;
  reader.weight("weight", provider.weight);
  if (!reader.text("pool_id", provider.pool_id, pool_problem)) provider.pool_id = provider.id;
  reader.flag("enabled", provider.enabled);
  reader.object("config", provider.config);
  reader.object("metadata", provider.metadata);
}

std::string key_problem(const Json& key) {
  if (!key.is_string() || !config::is_token(key.get_ref<const std::string&>())) {
    return "must be 1 to 4096 printable ASCII characters without blanks and commas";
  }
  return config::copying_problem(key.get_ref<const std::string&>());
}

StoredKey stored(const std::string& key, const std::string& id, const SecretBox& box) {
  constexpr std::size_t kShort = 12;  // as Secret::masked()
  return {box.seal(Secret(key), id), key.size() < kShort ? "" : key.substr(key.size() - 4)};
}

// The inline keys that are asked for, each once, in their order.
std::vector<std::string> inline_keys(FieldReader& reader) {
  std::vector<std::string> keys;
  const auto add = [&](const Json& key, const std::string& field) {
    if (std::string problem = key_problem(key); !problem.empty()) {
      reader.fail(field, std::move(problem));
    } else if (std::find(keys.begin(), keys.end(), key.get<std::string>()) == keys.end()) {
      keys.push_back(key.get<std::string>());
    }
  };
  const Json* one = reader.find("api_key");
  const Json* several = reader.find("api_keys");
  if (one != nullptr && several != nullptr) reader.fail("api_keys", "cannot stand beside api_key");
  if (one != nullptr) add(*one, "api_key");
  if (several == nullptr) return keys;
  if (!several->is_array() || several->size() > kMaxKeys) {
    reader.fail("api_keys", fmt::format("must be a list of at most {} keys", kMaxKeys));
    return keys;
  }
  for (std::size_t i = 0; i < several->size(); ++i) {
    add((*several)[i], fmt::format("api_keys[{}]", i));
  }
  return keys;
}

// What the body names replaces what was there, of whichever kind it was.
void read_credential(FieldReader& reader, Provider& provider, const Provider* before,
                     const ProviderRules& rules) {
  const bool names_keys = reader.has("api_key") || reader.has("api_keys");
  const std::vector<std::string> keys = inline_keys(reader);
  const bool names_reference =
      reader.text("credential_ref", provider.credential_ref, reference_problem);
  if (names_keys && reader.has("credential_ref")) {
    reader.fail("credential_ref", "cannot stand beside an inline key");
  }
  if (names_keys) {
    const char* field = reader.has("api_key") ? "api_key" : "api_keys";
    if (rules.box == nullptr) return reader.fail(field, "cannot be set here: use credential_ref");
    if (!rules.box->has_key()) return reader.fail(field, std::string(kNoEncryptionKey));
    for (const std::string& key : keys)
      provider.keys.push_back(stored(key, provider.id, *rules.box));
    return;
  }
  const bool dropped = reader.is_null("api_key") || reader.is_null("api_keys");
  if (names_reference || before == nullptr) return;
  if (!dropped) provider.keys = before->keys;
  if (!reader.is_null("credential_ref") && provider.keys.empty()) {
    provider.credential_ref = before->credential_ref;
  }
}

Json keys_of(const Provider& provider) {
  Json keys = Json::array();
  for (const StoredKey& key : provider.keys) {
    keys.push_back({{"sealed", key.sealed}, {"last4", key.last4}});
  }
  return keys;
}

std::string text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
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

Provider read_provider(const Json& body, const Provider* before, const ProviderRules& rules,
                       std::vector<FieldError>& errors, std::vector<std::string>& unknown) {
  Provider provider;
  FieldReader reader(body, errors);
  read_settings(reader, provider, rules);
  read_credential(reader, provider, before, rules);
  check_config(provider, errors);
  unknown = reader.unknown();
  return provider;
}

Json patched_provider(const Provider& before, const Json& patch) {
  Json body = to_settings(before);
  body.erase("credential_ref");
  // The default belongs to the type.
  if (patch.contains("auth_type") && !patch.contains("auth_header")) body.erase("auth_header");
  body.merge_patch(patch);
  // Here null means something: merge_patch has dropped it, and an absent one has a default.
  for (const char* name : {"health_path", "api_key", "api_keys", "credential_ref"}) {
    const auto given = patch.find(name);
    if (given != patch.end() && given->is_null()) body[name] = nullptr;
  }
  if (!patch.contains("health_path") && !before.health_path) body["health_path"] = nullptr;
  body["id"] = before.id;
  return body;
}

Json to_settings(const Provider& provider) {
  return {{"id", provider.id},
          {"name", provider.name},
          {"provider_type", provider.provider_type},
          {"base_url", provider.base_url},
          {"wire_api", provider.wire_api},
          {"auth_type", provider.auth_type},
          {"auth_header", provider.auth_header},
          {"credential_ref",
           provider.credential_ref.empty() ? Json(nullptr) : Json(provider.credential_ref)},
          {"health_path", provider.health_path ? Json(*provider.health_path) : Json(nullptr)},
          {"weight", provider.weight},
          {"pool_id", provider.pool_id},
          {"enabled", provider.enabled},
          {"config", provider.config},
          {"metadata", provider.metadata}};
}

Json to_document(const Provider& provider) {
  Json document = to_settings(provider);
  document["keys"] = keys_of(provider);
  return document;
}

Provider provider_of_document(const Json& document) {
  Provider provider;
  std::vector<FieldError> ignored;
  FieldReader reader(document, ignored);
  read_settings(reader, provider, {});
  provider.credential_ref = text_at(document, "credential_ref");
  // Words that a newer program knows stay what they are: nobody here speaks them.
  for (const auto& [name, word] :
       {std::pair("wire_api", &provider.wire_api), std::pair("auth_type", &provider.auth_type)}) {
    if (std::string stored = text_at(document, name); !stored.empty()) *word = std::move(stored);
  }
  const auto keys = document.find("keys");
  if (keys == document.end() || !keys->is_array()) return provider;
  for (const Json& key : *keys) {
    if (key.is_object()) provider.keys.push_back({text_at(key, "sealed"), text_at(key, "last4")});
  }
  return provider;
}

}  // namespace responses_proxy
