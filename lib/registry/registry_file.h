// The registry file (PROXY_REGISTRY_FILE): providers and aliases for those who keep configuration
// in files. docs/registry.schema.json describes it.
//
//   {"providers": [{"id": "kimi-main", "base_url": ..., "credential_ref": "env:KIMI_KEY"}],
//    "models": [{"alias": "kimi/k2", "provider_id": "kimi-main", "upstream_id": "kimi-k2.6"}]}
//
// Errors     All of them, each with its place: "providers[0].base_url: has no host".
// Blocking   Reads the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/provider.h"
#include "registry/provider_json.h"

namespace responses_proxy {

struct RegistryFile {
  RegistryContents contents;
  std::vector<std::string> problems;  // none: it can be used
};

// An alias may name a provider that is not in the file: it may be registered in SQL.
RegistryFile parse_registry_file(std::string_view text, const ProviderRules& rules);
RegistryFile read_registry_file(const std::string& path, const ProviderRules& rules);

}  // namespace responses_proxy
