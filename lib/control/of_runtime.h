// What only a Runtime gives a control plane: what is registered, tests of providers, traffic over
// time.
#pragma once

#include "responses_proxy/control_plane.h"

namespace responses_proxy {

class ProviderTester;
class Registry;
class TrafficHistory;

struct ControlPlaneContext::OfRuntime {
  // Null: nothing can be registered, and the endpoints for it are not there.
  Registry* registry = nullptr;
  ProviderTester* tester = nullptr;
  // Null: there is no /admin/timeseries, and nothing is said of the last minutes.
  const TrafficHistory* traffic = nullptr;
};

inline Registry* registry_of(const ControlPlaneContext& context) {
  return context.of_runtime ? context.of_runtime->registry : nullptr;
}

inline const TrafficHistory* traffic_of(const ControlPlaneContext& context) {
  return context.of_runtime ? context.of_runtime->traffic : nullptr;
}

}  // namespace responses_proxy
