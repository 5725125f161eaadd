// Plane: what the handlers of one mounted control plane share.
#pragma once

#include "control/database_probe.h"
#include "control/of_runtime.h"
#include "control/slots.h"
#include "control/state_feed.h"
#include "responses_proxy/control_plane.h"

namespace responses_proxy::control {

struct Plane {
  // A check waits for every resource to answer; more than these would only starve the probes.
  static constexpr std::size_t kMaxHealthWaits = 2;
  static constexpr std::size_t kMaxProviderTests = 2;

  explicit Plane(const ControlPlaneContext& its_context)
      : context(its_context),
        registry(registry_of(its_context)),
        tester(its_context.of_runtime ? its_context.of_runtime->tester : nullptr),
        database(its_context.ping_database, its_context.clock) {}

  const ControlPlaneContext context;
  Registry* const registry;      // may be null
  ProviderTester* const tester;  // may be null
  DatabaseProbe database;
  Slots viewers{ControlPlaneContext::kMaxEventStreams};
  Slots health_waits{kMaxHealthWaits};
  Slots provider_tests{kMaxProviderTests};
  Pulse pulse;
};

}  // namespace responses_proxy::control
