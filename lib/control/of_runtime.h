// What only a Runtime gives a control plane: what is registered, and tests of providers.
#pragma once

#include "responses_proxy/control_plane.h"

namespace responses_proxy {

class ProviderTester;
class Registry;

struct ControlPlaneContext::OfRuntime {
  // Null: nothing can be registered, and the endpoints for it are not there.
  Registry* registry = nullptr;
  ProviderTester* tester = nullptr;
};

inline Registry* registry_of(const ControlPlaneContext& context) {
  return context.of_runtime ? context.of_runtime->registry : nullptr;
}

}  // namespace responses_proxy
