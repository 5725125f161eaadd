// ModelAlias: a model's name that only this proxy knows, and what it stands for.
//
// Role       Configuration, from PROXY_MODEL_ALIASES for now; a RoutingTable makes targets of it.
// Ownership  Plain values.
#pragma once

#include <string>
#include <vector>

namespace responses_proxy {

// Some of the resources, and the name that the model has there. One of the first three at most is
// set; none: every resource.
struct TargetRule {
  std::vector<std::string> resource_ids = {};
  std::string pool_id = {};
  std::string provider_id = {};
  std::string model = {};  // sent upstream; "" = as the client has named it
  friend bool operator==(const TargetRule&, const TargetRule&) = default;
};

struct ModelAlias {
  std::string name;
  std::vector<TargetRule> targets;
  friend bool operator==(const ModelAlias&, const ModelAlias&) = default;
};

}  // namespace responses_proxy
