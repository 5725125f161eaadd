// RoutingTable: everything routing knows at one moment: the resources, their pools, and what the
// aliases of models stand for.
//
// Role       Made from configuration, wherever that comes from; a Router replaces it as a whole.
// Threads    Immutable: any thread, without a lock.
// Ownership  Owns its resources, and holds their states (which the StateStore has made). Whoever
//            holds the table may keep what it hands out: spans, targets, pointers.
// Errors     None: a rule that nothing answers to adds no target. Whoever reads the configuration
//            refuses such rules.
// Cost       Look-ups are one hash. About 80 bytes per target: a resource is one among all, one in
//            its pool, and one in each alias that names it. Made in time that grows with resources,
//            rules and targets, not with their products.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "responses_proxy/dialect_settings.h"
#include "responses_proxy/export.h"
#include "responses_proxy/model_alias.h"
#include "responses_proxy/model_catalog.h"
#include "responses_proxy/resource.h"
#include "responses_proxy/resource_state.h"
#include "responses_proxy/state_store.h"

namespace RP_PUBLIC responses_proxy {

// Where a request can go: a resource, and what the model is called there. It stands in a range of
// targets (RoutingTable has several) and is drawn by weight within that range.
struct Target {
  const Resource* resource = nullptr;
  ResourceState* state = nullptr;
  std::string_view model = {};  // sent in place of the client's; "" = as the client has named it
  double weight = 1;            // of the resource; in an alias, times that of the rule
  // A draw that falls on this target keeps it with the chance `keeps`, else goes to the one at
  // `other` in the range.
  float keeps = 1;
  std::uint32_t other = 0;
  std::uint32_t priority = 0;                 // TargetRule::priority
  std::string_view capabilities = {};         // TargetRule::capabilities
  const DialectSettings* settings = nullptr;  // what its dialect makes of all that; null: nothing
};

class RoutingTable {
 public:
  // No resource twice. An alias that is there twice: the last one counts.
  RoutingTable(std::vector<Resource> resources, std::vector<ModelAlias> aliases, StateStore& store,
               std::shared_ptr<const ModelCatalog> catalog = nullptr,
               const ReadSettings& read_settings = {});
  RoutingTable(const RoutingTable&) = delete;  // the targets point into it
  RoutingTable& operator=(const RoutingTable&) = delete;

  // Sorted by pool, in the order of configuration within one; so are all ranges.
  std::span<const Target> all() const { return all_; }
  // Those that serve a model that is no alias.
  std::span<const Target> unaliased() const { return unaliased_; }
  // Empty for an unknown pool. Without registered resources, unless all of its are.
  std::span<const Target> pool(std::string_view pool_id) const;
  // Null for a name that is no alias; an alias may have lost all of its targets.
  const std::vector<Target>* alias(std::string_view name) const;
  const ModelAlias* describe(std::string_view name) const;
  // In the order they were given in.
  std::span<const ModelAlias> aliases() const { return aliases_; }
  // What Codex is told of them; null: there is none, and Codex gets what an upstream says.
  const ModelCatalog* catalog() const { return catalog_.get(); }
  const Target* find(std::string_view resource_id) const;
  // The first target in the range that is that resource.
  const Target* find(std::string_view resource_id, std::span<const Target> range) const;

 private:
  class Positions;
  struct Named {
    const ModelAlias* alias = nullptr;
    std::vector<Target> targets;
  };

  void add_registered_pools();
  std::vector<Target> targets_of(const ModelAlias& alias, const Positions& positions,
                                 const ReadSettings& read_settings);
  void read(const ReadSettings& read_settings, Target& target);

  std::vector<Resource> resources_;
  const std::vector<ModelAlias> aliases_;
  const std::shared_ptr<const ModelCatalog> catalog_;
  std::vector<std::shared_ptr<ResourceState>> states_;
  std::vector<std::shared_ptr<const DialectSettings>> settings_;
  std::vector<Target> all_;
  std::vector<Target> unaliased_;
  // Views of the ids and names above.
  std::unordered_map<std::string_view, const Target*> by_id_;
  std::unordered_map<std::string_view, std::vector<Target>> by_pool_;
  std::unordered_map<std::string_view, Named> by_alias_;
};

// Makes targets drawable by weight within the range, those of the lowest priority's number alone;
// for ranges of a host's own.
void prepare_draws(std::span<Target> range);
// One of the range by weight, in constant time; `fraction`: [0, 1).
const Target& drawn_by_weight(std::span<const Target> range, double fraction);

}  // namespace responses_proxy
