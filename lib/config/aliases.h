// The aliases of models that PROXY_MODEL_ALIASES sets:
//
//   {"fast":  {"pool": "interactive", "model": "gpt-5.5-mini"},
//    "large": [{"resources": ["team-a", "openai-1f2e3d4c"], "model": "gpt-5.5"},
//              {"pool": "spare", "model": "gpt-5.4"}]}
//
// Ownership  Pure functions.
// Errors     Whatever is not wholly understood is refused, with the alias it stands in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/config.h"

namespace responses_proxy::config {

// Reads them; resources are still named as they were written. The problem, as the end of a sentence
// that starts with the value; "" = none.
std::string read_aliases(std::string_view json, std::vector<ModelAlias>& aliases);

// Puts ids in place of the names of resources. An error for each resource and pool that is not
// there.
void resolve_aliases(std::vector<ModelAlias>& aliases, const std::vector<Resource>& resources,
                     std::vector<ConfigError>& errors);

}  // namespace responses_proxy::config
