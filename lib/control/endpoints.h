// The endpoints of the control plane, one function and one file per group.
#pragma once

#include <memory>

#include "control/plane.h"
#include "control/route_table.h"

namespace responses_proxy::control {

void add_health_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);
void add_state_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);
void add_record_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);
void add_metrics_endpoint(RouteTable& routes, const std::shared_ptr<Plane>& plane);
// Those that there is a Registry for.
void add_registry_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);
void add_provider_test_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);
void add_pages(RouteTable& routes);

// All of them.
void add_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);

}  // namespace responses_proxy::control
