#include "registry/provider_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "config_values/value_parser.h"
#include "registry/config_secrets.h"
#include "registry/provider_checks.h"

namespace responses_proxy {

namespace {

std::string default_auth_name(std::string_view auth_type) {
  if (auth_type == "api_key") return "x-api-key";
  return auth_type == "query" ? "key" : "authorization";
}

void read_settings(FieldReader& reader, Provider& provider, const ProviderRules& rules) {
  reader.required_text("id", provider.id, provider_id_problem);
  if (!reader.text("name", provider.name, label_problem)) provider.name = provider.id;
  reader.text("provider_type", provider.provider_type, label_problem);
  if (reader.required_text("base_url", provider.base_url, [&](std::string_view url) {
        return base_url_problem(url, rules.allow_private_upstreams);
      })) {
    provider.base_url = trimmed_url(provider.base_url);
  }
  const std::vector<std::string> wire_apis = registrable_wire_apis(rules.wire_apis);
  reader.text("wire_api", provider.wire_api, one_of({wire_apis.begin(), wire_apis.end()}));
  reader.text("auth_type", provider.auth_type, one_of({kAuthTypes.begin(), kAuthTypes.end()}));
  provider.auth_header = default_auth_name(provider.auth_type);
  reader.text("auth_header", provider.auth_header,
              [&](std::string_view name) { return auth_name_problem(name, provider.auth_type); });
  if (reader.is_null("health_path")) provider.health_path.reset();
  std::string path;
  if (reader.text("health_path", path, health_path_problem)) provider.health_path = path;
  reader.weight("weight", provider.weight);
  if (!reader.text("pool_id", provider.pool_id, pool_id_problem)) provider.pool_id = provider.id;
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

std::vector<std::string> registrable_wire_apis(std::vector<std::string> spoken) {
  if (std::find(spoken.begin(), spoken.end(), kCustomWireApi) == spoken.end()) {
    spoken.emplace_back(kCustomWireApi);
  }
  return spoken;
}

Provider read_provider(const Json& body, const Provider* before, const ProviderRules& rules,
                       std::vector<FieldError>& errors, std::vector<std::string>& unknown) {
  Provider provider;
  FieldReader reader(body, errors);
  read_settings(reader, provider, rules);
  read_credential(reader, provider, before, rules);
  fill_hidden_values(provider.config, before != nullptr ? &before->config : nullptr, errors);
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
