#include "config/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/sha256.h"

namespace responses_proxy::config {
namespace {

using Errors = std::vector<ConfigError>;

void check_count(std::string_view variable, std::size_t items, std::size_t keys, Errors& errors) {
  if (items <= keys) return;
  errors.push_back({std::string(variable),
                    fmt::format("{}: {} items for {} keys; allowed: at most one per key, and a key "
                                "that is set twice counts once",
                                variable, items, keys)});
}

std::string name_at(const Draft& draft, std::size_t position) {
  return position < draft.names.size() ? draft.names[position]
                                       : fmt::format("{}{}", kOwnResource, position + 1);
}

void check_names(const Draft& draft, Errors& errors) {
  std::set<std::string> taken;
  for (std::size_t i = 0; i < draft.keys.size(); ++i) {
    const std::string name = name_at(draft, i);
    if (taken.insert(name).second) continue;
    errors.push_back({"OPENAI_RESOURCE_NAMES",
                      fmt::format("OPENAI_RESOURCE_NAMES: two keys are called \"{}\"; allowed: a "
                                  "name for each key that no other one has (a key without one is "
                                  "called by its position, {}{})",
                                  name, kOwnResource, i + 1)});
    return;
  }
}

void set_ids(std::vector<Resource>& resources) {
  std::unordered_map<std::string, std::size_t> holders;
  for (Resource& resource : resources) {
    resource.id = resource_id(resource.base_url, resource.credential);
    ++holders[resource.id];
  }
  for (Resource& resource : resources) {
    if (holders[resource.id] == 1) continue;
    resource.id = resource_id(resource.base_url, resource.credential, kLongIdDigits);
  }
}

}  // namespace

std::string resource_id(std::string_view base_url, const Secret& key, std::size_t digits) {
  const std::string digest = sha256_hex(fmt::format("{}\n{}", base_url, key.reveal()));
  return std::string(kOwnResource).append(digest, 0, digits);
}

void check_positions(const Draft& draft, Errors& errors) {
  // A refused key is missing from the count: the error about it is the one to mend first.
  const bool keys_refused = std::any_of(errors.begin(), errors.end(), [](const ConfigError& error) {
    return error.variable.starts_with("OPENAI_API_KEY");
  });
  if (keys_refused) return;
  check_count("OPENAI_RESOURCE_NAMES", draft.names.size(), draft.keys.size(), errors);
  check_count("OPENAI_RESOURCE_WEIGHTS", draft.weights.size(), draft.keys.size(), errors);
  check_count("OPENAI_RESOURCE_POOL_IDS", draft.pool_ids.size(), draft.keys.size(), errors);
  check_names(draft, errors);
}

std::vector<Resource> build_resources(const Draft& draft) {
  std::vector<Resource> resources;
  for (std::size_t i = 0; i < draft.keys.size(); ++i) {
    Resource resource;
    resource.name = name_at(draft, i);
    resource.provider_id = "environment";
    resource.pool_id = i < draft.pool_ids.size() ? draft.pool_ids[i] : draft.pool_id;
    resource.base_url = draft.config.upstream_base_url;
    resource.credential = draft.keys[i];
    resource.weight = i < draft.weights.size() ? draft.weights[i] : 1.0;
    resource.websocket = draft.config.upstream_websocket;
    resources.push_back(std::move(resource));
  }
  set_ids(resources);
  return resources;
}

}  // namespace responses_proxy::config
