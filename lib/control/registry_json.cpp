#include "control/registry_json.h"

#include <algorithm>

#include "control/rows.h"
#include "control/time_text.h"
#include "registry/alias_json.h"
#include "registry/config_secrets.h"
#include "registry/provider_json.h"

namespace responses_proxy::control {

namespace {

template <class T>
void add_history(const Registered<T>& registered, Json& json) {
  const bool from_file = registered.source == RegistrySource::file;
  const auto time = [&](WallTime at) { return from_file ? Json(nullptr) : Json(format_time(at)); };
  json["source"] = from_file ? "file" : "database";
  json["revision"] = registered.revision;
  json["created_at"] = time(registered.created_at);
  json["updated_at"] = time(registered.updated_at);
}

Json problem_of(const RegistryView& view, std::string_view provider_id) {
  const auto found = view.routing.problems.find(provider_id);
  return found == view.routing.problems.end() ? Json(nullptr) : Json(found->second);
}

Json resources_of(const RegistryView& view, std::string_view provider_id) {
  const auto found = view.routing.resource_ids.find(provider_id);
  return found == view.routing.resource_ids.end() ? Json::array() : Json(found->second);
}

}  // namespace

Json provider_json(const Registered<Provider>& provider, const RegistryView& view) {
  const Provider& value = provider.value;
  Json json = to_settings(value);
  json["config"] = shown_config(value.config);
  Json last4 = Json::array();
  for (const StoredKey& key : value.keys) last4.push_back(text_or_null(key.last4));
  json["api_key_last4"] = last4.empty() ? Json(nullptr) : last4.front();
  json["api_keys_last4"] = std::move(last4);
  Json resources = resources_of(view, value.id);
  json["routable"] = !resources.empty();
  json["problem"] = problem_of(view, value.id);
  json["resource_ids"] = std::move(resources);
  add_history(provider, json);
  return json;
}

Json alias_json(const Registered<Alias>& alias, const RegistryView& view) {
  const Alias& value = alias.value;
  Json json = to_document(value);
  json["routable"] =
      value.enabled &&
      std::any_of(value.targets.begin(), value.targets.end(), [&](const AliasTarget& target) {
        return view.routing.resource_ids.contains(target.provider_id);
      });
  add_history(alias, json);
  return json;
}

}  // namespace responses_proxy::control
