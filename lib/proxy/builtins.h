// Everything that can be chosen by name, in one visible list.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "responses_proxy/provider_adapter.h"

namespace responses_proxy {

// One adapter for each `wire_api`.
std::vector<std::unique_ptr<ProviderAdapter>> make_builtin_adapters();

}  // namespace responses_proxy
