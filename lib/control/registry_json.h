// Providers and aliases as the registry endpoints show them: no key beyond its last four
// characters.
#pragma once

#include "core/json.h"
#include "registry/registry.h"

namespace responses_proxy::control {

Json provider_json(const Registered<Provider>& provider, const RegistryView& view);
Json alias_json(const Registered<Alias>& alias, const RegistryView& view);

}  // namespace responses_proxy::control
