#include "responses_proxy/routing_table.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "routing_table/fingerprint.h"

namespace responses_proxy {

namespace {

bool answers_to(const TargetRule& rule, const Resource& resource) {
  if (!rule.pool_id.empty()) return resource.pool_id == rule.pool_id;
  if (!rule.provider_id.empty()) return resource.provider_id == rule.provider_id;
  const auto& ids = rule.resource_ids;
  return ids.empty() || std::find(ids.begin(), ids.end(), resource.id) != ids.end();
}

}  // namespace

RoutingTable::RoutingTable(std::vector<Resource> resources, std::vector<ModelAlias> aliases,
                           StateStore& store)
    : resources_(std::move(resources)), aliases_(std::move(aliases)) {
  std::stable_sort(resources_.begin(), resources_.end(),
                   [](const Resource& a, const Resource& b) { return a.pool_id < b.pool_id; });
  for (Resource& resource : resources_) {
    if (resource.name.empty()) resource.name = resource.id;
    states_.push_back(store.resource(resource.id, fingerprint(resource)));
    all_.push_back({&resource, states_.back().get(), {}, resource.weight});
    if (resource.registered) continue;
    unaliased_.push_back(all_.back());
    by_pool_[resource.pool_id].push_back(all_.back());
  }
  add_registered_pools();
  prepare_draws(all_);
  prepare_draws(unaliased_);
  for (auto& [pool_id, targets] : by_pool_) prepare_draws(targets);
  for (const Target& target : all_) by_id_.emplace(target.resource->id, &target);
  for (const ModelAlias& alias : aliases_) by_alias_[alias.name] = targets_of(alias);
}

// Pools that only registered resources are in.
void RoutingTable::add_registered_pools() {
  std::unordered_set<std::string_view> others;
  for (const auto& [pool_id, targets] : by_pool_) others.insert(pool_id);
  for (const Target& target : all_) {
    if (others.contains(target.resource->pool_id)) continue;
    by_pool_[target.resource->pool_id].push_back(target);
  }
}

// In the order of the resources, so that find() can search; none twice under the same model.
std::vector<Target> RoutingTable::targets_of(const ModelAlias& alias) const {
  std::vector<Target> targets;
  for (const Target& one : all_) {
    for (const TargetRule& rule : alias.targets) {
      if (!answers_to(rule, *one.resource)) continue;
      const auto last = std::find_if(targets.rbegin(), targets.rend(), [&](const Target& target) {
        return target.resource != one.resource || target.model == rule.model;
      });
      if (last != targets.rend() && last->resource == one.resource) continue;
      Target& target = targets.emplace_back(one);
      target.model = rule.model;
      target.weight *= rule.weight;
      target.priority = rule.priority;
      target.capabilities = rule.capabilities;
    }
  }
  prepare_draws(targets);
  return targets;
}

std::span<const Target> RoutingTable::pool(std::string_view pool_id) const {
  const auto found = by_pool_.find(pool_id);
  return found == by_pool_.end() ? std::span<const Target>{} : found->second;
}

const std::vector<Target>* RoutingTable::alias(std::string_view name) const {
  const auto found = by_alias_.find(name);
  return found == by_alias_.end() ? nullptr : &found->second;
}

const ModelAlias* RoutingTable::describe(std::string_view name) const {
  const auto found = std::find_if(aliases_.rbegin(), aliases_.rend(),
                                  [&](const ModelAlias& alias) { return alias.name == name; });
  return found == aliases_.rend() ? nullptr : &*found;
}

const Target* RoutingTable::find(std::string_view resource_id) const {
  const auto found = by_id_.find(resource_id);
  return found == by_id_.end() ? nullptr : found->second;
}

const Target* RoutingTable::find(std::string_view resource_id,
                                 std::span<const Target> range) const {
  const Target* among_all = find(resource_id);
  if (among_all == nullptr) return nullptr;
  const Resource* resource = among_all->resource;
  const auto found =
      std::lower_bound(range.begin(), range.end(), resource,
                       [](const Target& target, const Resource* r) { return target.resource < r; });
  return found != range.end() && found->resource == resource ? &*found : nullptr;
}

}  // namespace responses_proxy
