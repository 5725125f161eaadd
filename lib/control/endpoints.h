// The endpoints of the control plane, one function and one file per group.
#pragma once

#include <memory>

#include "control/plane.h"
#include "control/route_table.h"
#include "responses_proxy/clock.h"

namespace responses_proxy::control {

void add_health_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);
void add_state_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);
// A request that has just been answered shall be on record for who asks; a slow database must not
// delay the answer longer than this.
constexpr Millis kFlush{250};
// Of one request, one session.
void add_record_details(RouteTable& routes, const std::shared_ptr<Plane>& plane);
void add_record_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);
// Where there is a TrafficHistory.
void add_timeseries_endpoint(RouteTable& routes, const std::shared_ptr<Plane>& plane);
void add_metrics_endpoint(RouteTable& routes, const std::shared_ptr<Plane>& plane);
// Those that there is a Registry for.
void add_registry_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);
void add_provider_test_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);
void add_pages(RouteTable& routes);

// All of them.
void add_endpoints(RouteTable& routes, const std::shared_ptr<Plane>& plane);

}  // namespace responses_proxy::control
