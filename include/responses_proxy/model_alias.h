// ModelAlias: a model's name that only this proxy knows, and what it stands for.
//
// Role       From PROXY_MODEL_ALIASES, or registered; a RoutingTable makes targets of it.
// Ownership  Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

// Some of the resources, and the name that the model has there. One of the first three at most is
// set; none: every resource.
struct TargetRule {
  std::vector<std::string> resource_ids = {};
  std::string pool_id = {};
  std::string provider_id = {};
  std::string model = {};  // sent upstream; "" = as the client has named it
  double weight = 1;       // > 0; times that of each resource
  // Targets of a higher number are used only when none of a lower one is available.
  std::uint32_t priority = 0;
  // What the model can do, for the Dialect: a JSON object. "" = nothing is known.
  std::string capabilities = {};
  friend bool operator==(const TargetRule&, const TargetRule&) = default;
};

struct ModelAlias {
  std::string name;
  std::vector<TargetRule> targets;
  std::string display_name = {};  // for people; "" = the name
  WallTime created_at = {};       // the epoch: not known
  // Why it has no target: one that waiting does not mend, and one that it may; each "" = none.
  std::string limit = {};
  std::string unavailable = {};
  friend bool operator==(const ModelAlias&, const ModelAlias&) = default;
};

}  // namespace responses_proxy
