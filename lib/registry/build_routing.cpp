#include "registry/build_routing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/file_stamp.h"
#include "core/percent_encoded.h"
#include "core/private_address.h"
#include "core/sha256.h"
#include "registry/provider_checks.h"
#include "registry/provider_json.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kMaxTold = 3;

struct Key {
  Secret secret;
  std::string resource_id;
};

Auth auth_of(const Provider& provider) {
  if (provider.auth_type == "none") return {AuthKind::none, {}};
  if (provider.auth_type == "query") return {AuthKind::query, provider.auth_header};
  const AuthKind kind = provider.auth_type == "api_key" ? AuthKind::header : AuthKind::bearer;
  return {kind, provider.auth_header};
}

const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || !found->is_object() ? nullptr : &*found;
}

Headers headers_of(const Provider& provider) {
  Headers headers;
  if (const Json* own = member(provider.config, "headers")) {
    for (const auto& [name, value] : own->items()) {
      if (value.is_string()) headers.add(name, value.get<std::string>());
    }
  }
  return headers;
}

std::string query_of(const Provider& provider) {
  std::string query;
  if (const Json* own = member(provider.config, "query")) {
    for (const auto& [name, value] : own->items()) {
      if (!value.is_string()) continue;
      if (!query.empty()) query += '&';
      query += percent_encoded(name) + '=' + percent_encoded(value.get<std::string>());
    }
  }
  return query;
}

// What stands beside `dialect` in config, and in it. The type may be one that the dialect knows.
std::string dialect_config_of(const Provider& provider) {
  Json merged{{"preset", provider.provider_type}};
  for (const auto& [name, value] : provider.config.items()) {
    const bool ours = name == "headers" || name == "query" || name == "dialect" ||
                      name == "websocket" || name == "http2";
    if (!ours) merged[name] = value;
  }
  if (const Json* dialect = member(provider.config, "dialect")) merged.merge_patch(*dialect);
  return dump(merged);
}

bool flag_of(const Provider& provider, const char* name, bool otherwise) {
  const auto found = provider.config.find(name);
  return found != provider.config.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

// Of all keys, those that open; the problem of the first that does not.
std::vector<Key> open_keys(const Provider& provider, const RoutingRules& rules,
                           std::string& problem) {
  std::vector<Key> keys;
  for (const StoredKey& stored : provider.keys) {
    auto opened = rules.box.open(stored.sealed, provider.id);
    if (!opened.problem.empty()) {
      if (problem.empty()) problem = std::move(opened.problem);
      continue;
    }
    const std::string digits =
        sha256_hex(fmt::format("{}\n{}", provider.base_url, opened.secret.reveal()))
            .substr(0, kIdDigits);
    keys.push_back({std::move(opened.secret), fmt::format("{}-{}", provider.id, digits)});
  }
  return keys;
}

std::vector<Key> keys_of(const Provider& provider, const RoutingRules& rules, BuiltRouting& built,
                         std::string& problem) {
  if (provider.auth_type == "none") return {{Secret(), provider.id}};
  if (!provider.keys.empty()) return open_keys(provider, rules, problem);
  if (provider.credential_ref.empty()) {
    problem = "it has no credential: set api_key or credential_ref";
    return {};
  }
  ReferredKey key = resolve_reference(provider.credential_ref, rules.variable);
  if (!key.file.empty()) built.files[key.file] = file_stamp(key.file);
  problem = key.problem;
  if (!problem.empty()) return {};
  return {{std::move(key.secret), provider.id}};
}

// Of a record that another version has stored.
std::string stored_problem(const Provider& provider) {
  if (provider.base_url.empty()) return "its stored base_url is none that this version takes";
  if (is_auth_type(provider.auth_type)) return {};
  return fmt::format("auth_type=\"{}\" is not known to this version", provider.auth_type);
}

std::string problem_of(const Provider& provider, const RoutingRules& rules) {
  if (!provider.enabled) return "it is disabled";
  if (std::string problem = stored_problem(provider); !problem.empty()) return problem;
  if (std::string limit = wire_api_limit(provider.wire_api, rules); !limit.empty()) return limit;
  if (!rules.allow_private_upstreams && names_private_address(provider.base_url)) {
    return "its base_url is a private address, which PROXY_ALLOW_PRIVATE_UPSTREAMS=false forbids";
  }
  return {};
}

void add_provider(const Provider& provider, const RoutingRules& rules, BuiltRouting& built) {
  std::string problem = problem_of(provider, rules);
  std::vector<Key> keys;
  if (problem.empty()) keys = keys_of(provider, rules, built, problem);
  std::size_t position = 0;
  for (Key& key : keys) {
    ++position;
    auto& ids = built.resource_ids[provider.id];
    if (std::find(ids.begin(), ids.end(), key.resource_id) != ids.end()) continue;
    Resource resource = resource_of(provider, key.secret, rules);
    resource.id = key.resource_id;
    if (keys.size() > 1) resource.name = fmt::format("{} ({})", provider.name, position);
    ids.push_back(resource.id);
    built.resources.push_back(std::move(resource));
  }
  if (!problem.empty()) built.problems.emplace(provider.id, std::move(problem));
}

// What stands in the way of all targets of an alias, if something does.
void tell_problems(const Alias& alias, const RegistryContents& contents, const RoutingRules& rules,
                   const BuiltRouting& built, ModelAlias& made) {
  std::string limit;
  std::string unavailable;
  std::size_t told = 0;
  bool all_limited = true;
  for (const AliasTarget& target : alias.targets) {
    const auto provider = contents.providers.find(target.provider_id);
    const bool known = provider != contents.providers.end();
    const std::string limited =
        known ? wire_api_limit(provider->second.value.wire_api, rules) : std::string();
    if (limited.empty()) all_limited = false;
    if (limit.empty()) limit = limited;
    const auto problem = built.problems.find(target.provider_id);
    if (known && problem == built.problems.end()) continue;
    if (++told > kMaxTold) continue;
    unavailable +=
        fmt::format("{}provider {}: {}", unavailable.empty() ? "" : "; ", target.provider_id,
                    known ? problem->second : "it is not registered");
  }
  if (all_limited) made.limit = limit;
  made.unavailable = std::move(unavailable);
}

ModelAlias model_alias_of(const Registered<Alias>& registered, const RegistryContents& contents,
                          const RoutingRules& rules, const BuiltRouting& built) {
  const Alias& alias = registered.value;
  ModelAlias made;
  made.name = alias.alias;
  made.display_name = alias.display_name;
  made.created_at = registered.created_at;
  const std::string capabilities = alias.capabilities.empty() ? "" : dump(alias.capabilities);
  for (const AliasTarget& target : alias.targets) {
    TargetRule& rule = made.targets.emplace_back();
    rule.provider_id = target.provider_id;
    rule.model = target.upstream_id;
    rule.weight = target.weight;
    rule.priority = target.priority;
    rule.capabilities = capabilities;
  }
  tell_problems(alias, contents, rules, built, made);
  return made;
}

// The first alias that names one stands for all of them.
void tell_missing(const Alias& alias, const RegistryContents& contents, BuiltRouting& built) {
  for (const AliasTarget& target : alias.targets) {
    if (contents.providers.contains(target.provider_id)) continue;
    built.problems.emplace(
        target.provider_id,
        fmt::format("it is not registered, and the alias {} names it", alias.alias));
  }
}

}  // namespace

std::string wire_api_limit(const std::string& wire_api, const RoutingRules& rules) {
  const auto& spoken = rules.wire_apis;
  if (std::find(spoken.begin(), spoken.end(), wire_api) != spoken.end()) return {};
  if (wire_api == kCustomWireApi) {
    return "wire_api=\"custom\" providers are stored but not routable until a custom adapter "
           "exists.";
  }
  return fmt::format(
      "wire_api=\"{}\" providers are stored but not routable: this version has no adapter for it.",
      wire_api);
}

Resource resource_of(const Provider& provider, const Secret& key, const RoutingRules& rules) {
  Resource resource;
  resource.id = provider.id;
  resource.name = provider.name;
  resource.provider_id = provider.id;
  resource.pool_id = provider.pool_id;
  resource.base_url = provider.base_url;
  resource.wire_api = provider.wire_api;
  resource.credential = key;
  resource.weight = provider.weight;
  resource.websocket = flag_of(provider, "websocket", rules.websocket);
  resource.http2 = flag_of(provider, "http2", false);
  resource.auth = auth_of(provider);
  resource.headers = headers_of(provider);
  resource.query = query_of(provider);
  resource.health_path = provider.health_path.value_or("");
  resource.dialect_config = dialect_config_of(provider);
  resource.registered = true;
  return resource;
}

BuiltRouting build_routing(const RegistryContents& contents, const RoutingRules& rules) {
  BuiltRouting built;
  for (const auto& [id, provider] : contents.providers) add_provider(provider.value, rules, built);
  for (const auto& [name, alias] : contents.aliases) {
    if (!alias.value.enabled) continue;
    built.aliases.push_back(model_alias_of(alias, contents, rules, built));
  }
  for (const auto& [name, alias] : contents.aliases) {
    if (alias.value.enabled) tell_missing(alias.value, contents, built);
  }
  return built;
}

}  // namespace responses_proxy
