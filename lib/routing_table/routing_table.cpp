#include "responses_proxy/routing_table.h"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

#include "routing_table/fingerprint.h"

namespace responses_proxy {

namespace {

// That resource, by its position, answers to that rule.
struct Match {
  std::size_t position;
  const TargetRule* rule;
};

}  // namespace

// Where the resources stand that a rule may name: a rule finds its own without looking at others.
class RoutingTable::Positions {
 public:
  explicit Positions(const std::vector<Resource>& resources) : count_(resources.size()) {
    for (std::size_t i = 0; i < resources.size(); ++i) {
      by_id_[resources[i].id] = i;
      by_pool_[resources[i].pool_id].push_back(i);
      by_provider_[resources[i].provider_id].push_back(i);
    }
  }

  void add_matches(const TargetRule& rule, std::vector<Match>& matches) const {
    if (!rule.pool_id.empty()) return add(by_pool_, rule.pool_id, rule, matches);
    if (!rule.provider_id.empty()) return add(by_provider_, rule.provider_id, rule, matches);
    for (const std::string& id : rule.resource_ids) {
      const auto found = by_id_.find(id);
      if (found != by_id_.end()) matches.push_back({found->second, &rule});
    }
    if (!rule.resource_ids.empty()) return;
    for (std::size_t i = 0; i < count_; ++i) matches.push_back({i, &rule});
  }

 private:
  using Groups = std::unordered_map<std::string_view, std::vector<std::size_t>>;

  static void add(const Groups& groups, const std::string& name, const TargetRule& rule,
                  std::vector<Match>& matches) {
    const auto found = groups.find(name);
    if (found == groups.end()) return;
    for (const std::size_t position : found->second) matches.push_back({position, &rule});
  }

  const std::size_t count_;
  std::unordered_map<std::string_view, std::size_t> by_id_;
  Groups by_pool_;
  Groups by_provider_;
};

RoutingTable::RoutingTable(std::vector<Resource> resources, std::vector<ModelAlias> aliases,
                           StateStore& store, std::shared_ptr<const ModelCatalog> catalog,
                           const ReadSettings& read_settings)
    : resources_(std::move(resources)), aliases_(std::move(aliases)), catalog_(std::move(catalog)) {
  std::stable_sort(resources_.begin(), resources_.end(),
                   [](const Resource& a, const Resource& b) { return a.pool_id < b.pool_id; });
  for (Resource& resource : resources_) {
    if (resource.name.empty()) resource.name = resource.id;
    states_.push_back(store.resource(resource.id, fingerprint(resource)));
    all_.push_back({&resource, states_.back().get(), {}, resource.weight});
    read(read_settings, all_.back());
    if (resource.registered) continue;
    unaliased_.push_back(all_.back());
    by_pool_[resource.pool_id].push_back(all_.back());
  }
  add_registered_pools();
  prepare_draws(all_);
  prepare_draws(unaliased_);
  for (auto& [pool_id, targets] : by_pool_) prepare_draws(targets);
  for (const Target& target : all_) by_id_.emplace(target.resource->id, &target);
  const Positions positions(resources_);
  for (const ModelAlias& alias : aliases_) {
    by_alias_[alias.name] = {&alias, targets_of(alias, positions, read_settings)};
  }
}

void RoutingTable::read(const ReadSettings& read_settings, Target& target) {
  target.settings = nullptr;
  if (!read_settings) return;
  auto settings = read_settings(*target.resource, target.model, target.capabilities);
  target.settings = settings.get();
  if (settings) settings_.push_back(std::move(settings));
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
std::vector<Target> RoutingTable::targets_of(const ModelAlias& alias, const Positions& positions,
                                             const ReadSettings& read_settings) {
  std::vector<Match> matches;
  for (const TargetRule& rule : alias.targets) positions.add_matches(rule, matches);
  std::stable_sort(matches.begin(), matches.end(),
                   [](const Match& a, const Match& b) { return a.position < b.position; });
  std::vector<Target> targets;
  std::unordered_set<std::string_view> models;  // of the resource at hand
  for (const auto& [position, rule] : matches) {
    const Target& one = all_[position];
    if (targets.empty() || targets.back().resource != one.resource) models.clear();
    if (!models.insert(rule->model).second) continue;
    Target& target = targets.emplace_back(one);
    target.model = rule->model;
    target.weight *= rule->weight;
    target.priority = rule->priority;
    target.capabilities = rule->capabilities;
    read(read_settings, target);
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
  return found == by_alias_.end() ? nullptr : &found->second.targets;
}

const ModelAlias* RoutingTable::describe(std::string_view name) const {
  const auto found = by_alias_.find(name);
  return found == by_alias_.end() ? nullptr : found->second.alias;
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
