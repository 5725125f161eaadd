// build_routing: what is registered -> resources and aliases of a RoutingTable.
//
// Role       A provider becomes a resource for each of its keys, an alias a rule for each of its
//            targets. What cannot be used is left out, and why is told.
// Ownership  Plain values.
// Blocking   Reads the files of credential_refs: never on an event loop.
// Ids        Of a provider with keys of its own: its id and 8 digits of a SHA-256 over base URL and
//            key, so that what is remembered of an account stays with it whatever is added or
//            removed beside it. With a credential_ref, or without a credential: the provider's id.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret_box.h"
#include "registry/credential_ref.h"
#include "registry/provider.h"
#include "responses_proxy/model_alias.h"
#include "responses_proxy/resource.h"

namespace responses_proxy {

struct RoutingRules {
  const SecretBox& box;
  Variable variable;                        // for env: references
  std::vector<std::string> wire_apis = {};  // that this program speaks
  bool allow_private_upstreams = true;
  bool websocket = true;  // where a provider does not say it
};

struct BuiltRouting {
  std::vector<Resource> resources;
  std::vector<ModelAlias> aliases;
  // By provider; one without a problem, or without a resource, is in the one map only. One that is
  // not registered is there where an alias names it.
  std::map<std::string, std::string, std::less<>> problems;
  std::map<std::string, std::vector<std::string>, std::less<>> resource_ids;
  // Files that were read, with their stamps.
  std::map<std::string, std::string> files;
};

BuiltRouting build_routing(const RegistryContents& contents, const RoutingRules& rules);

// The resource that a provider would be with that key, whether it can be used or not.
Resource resource_of(const Provider& provider, const Secret& key, const RoutingRules& rules);

// Why no provider with that wire API gets requests; "" = it does.
std::string wire_api_limit(const std::string& wire_api, const RoutingRules& rules);

}  // namespace responses_proxy
