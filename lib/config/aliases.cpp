#include "config/aliases.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "config_values/value_parser.h"
#include "core/json_object.h"
#include "core/json_reader.h"

namespace responses_proxy::config {
namespace {

using Element = simdjson::dom::element;
using Rules = std::vector<TargetRule>;

constexpr std::string_view kVariable = "PROXY_MODEL_ALIASES";

std::string read_resources(Element value, TargetRule& rule) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS || items.size() == 0) {
    return "\"resources\" is not a list of names";
  }
  for (const Element item : items) {
    std::string_view name;
    if (item.get(name) != simdjson::SUCCESS || !is_identifier(name)) {
      return "\"resources\" has an item that is not a resource's name or id";
    }
    rule.resource_ids.emplace_back(name);
  }
  return {};
}

std::string read_member(std::string_view key, Element value, TargetRule& rule) {
  if (key == "resources") return read_resources(value, rule);
  std::string_view text;
  const bool is_text = value.get(text) == simdjson::SUCCESS;
  if (key == "pool") {
    if (!is_text || !is_identifier(text)) return "\"pool\" is not a pool's name";
    rule.pool_id = text;
    return {};
  }
  if (key == "model") {
    if (!is_text || !is_token(text)) return "\"model\" is not the name of a model";
    rule.model = text;
    return {};
  }
  return fmt::format("a target has \"{}\": only resources, pool and model can be set", key);
}

std::string read_target(Element value, Rules& rules) {
  simdjson::dom::object members;
  if (value.get(members) != simdjson::SUCCESS) return "a target is not an object";
  TargetRule& rule = rules.emplace_back();
  std::set<std::string_view> seen;
  for (const auto member : members) {
    if (!seen.insert(member.key).second) return fmt::format("\"{}\" is set twice", member.key);
    std::string problem = read_member(member.key, member.value, rule);
    if (!problem.empty()) return problem;
  }
  return seen.contains("pool") && seen.contains("resources")
             ? "a target has both a pool and resources: write two targets"
             : "";
}

// One target, or a list of them.
std::string read_targets(Element value, Rules& rules) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return read_target(value, rules);
  if (items.size() == 0) return "it has no target";
  for (const Element item : items) {
    std::string problem = read_target(item, rules);
    if (!problem.empty()) return problem;
  }
  return {};
}

std::string read_document(Element document, std::vector<ModelAlias>& aliases) {
  simdjson::dom::object members;
  if (document.get(members) != simdjson::SUCCESS) return "is not a JSON object";
  std::set<std::string_view> seen;
  for (const auto [name, value] : members) {
    if (!is_identifier(name) || !is_in_paths(name)) return "has an alias that is not a valid name";
    if (!seen.insert(name).second) return fmt::format("has the alias \"{}\" twice", name);
    ModelAlias& alias = aliases.emplace_back();
    alias.name = name;
    const std::string problem = read_targets(value, alias.targets);
    if (!problem.empty()) return fmt::format("has the alias \"{}\": {}", name, problem);
  }
  return aliases.empty() ? "has no alias" : "";
}

const Resource* called(std::string_view name, const std::vector<Resource>& resources) {
  const auto found = std::find_if(resources.begin(), resources.end(), [&](const Resource& one) {
    return one.id == name || one.name == name;
  });
  return found == resources.end() ? nullptr : &*found;
}

// "PROXY_MODEL_ALIASES: the alias "fast" names the pool "x", and no key has it; allowed: a, b"
ConfigError unknown(const ModelAlias& alias, std::string_view kind, std::string_view name,
                    const std::set<std::string_view>& known) {
  const std::string allowed =
      known.empty() ? "none, since no API key is set" : fmt::format("{}", fmt::join(known, ", "));
  return {std::string(kVariable),
          fmt::format("{}: the alias \"{}\" names the {} \"{}\", which is not there; allowed: {}",
                      kVariable, alias.name, kind, name, allowed)};
}

}  // namespace

std::string read_aliases(std::string_view json, std::vector<ModelAlias>& aliases) {
  std::string problem;
  const bool read =
      read_json(json, [&](Element document) { problem = read_document(document, aliases); });
  return read ? problem : json_object_problem(json);
}

void resolve_aliases(std::vector<ModelAlias>& aliases, const std::vector<Resource>& resources,
                     std::vector<ConfigError>& errors) {
  std::set<std::string_view> names;
  std::set<std::string_view> pools;
  for (const Resource& resource : resources) {
    names.insert(resource.name);
    pools.insert(resource.pool_id);
  }
  for (ModelAlias& alias : aliases) {
    for (TargetRule& rule : alias.targets) {
      if (!rule.pool_id.empty() && !pools.contains(rule.pool_id)) {
        errors.push_back(unknown(alias, "pool", rule.pool_id, pools));
      }
      for (std::string& name : rule.resource_ids) {
        if (const Resource* resource = called(name, resources)) {
          name = resource->id;
        } else {
          errors.push_back(unknown(alias, "resource", name, names));
        }
      }
    }
  }
}

}  // namespace responses_proxy::config
