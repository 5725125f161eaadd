// The control plane: admin endpoints, dashboard, health, metrics and OpenAPI on a cpp-httplib
// server.
//
// Role       Everything that is not /v1. It does blocking SQL, so it has threads of its own: the
//            ones of the httplib::Server it is mounted on. rp-server runs that server on a private
//            Unix socket; an embedder mounts it on a server of its own. It answers every path of
//            that server, with 404 where there is nothing.
// Threads    Handlers run on the server's threads, several at once. The server needs more than
//            kMaxEventStreams of them; configure_control_server sees to it.
// Ownership  The context is copied; what it points to outlives the server.
// Errors     Answered as {"error":{...}}, like the data plane's.
// Limits     At most kMaxEventStreams viewers of /admin/events; each holds one server thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "responses_proxy/config.h"
#include "responses_proxy/export.h"

namespace httplib {
class Server;
}

namespace RP_PUBLIC responses_proxy {

class Clock;
class HealthChecker;
class Metrics;
class RecordQueries;
class Router;
class StateStore;
class TelemetrySink;
struct Decision;
struct StreamStats;
struct TraceStats;

// Runtime::control_plane() fills it; a host without a Runtime names its members:
// ControlPlaneContext{.config = config, .clock = clock, ...}.
struct ControlPlaneContext {
  static constexpr std::size_t kMaxEventStreams = 8;

  const Config& config;
  const Clock& clock;
  const Router& router;
  StateStore& state;
  HealthChecker& health;
  RecordQueries& records;
  TelemetrySink& telemetry;
  Metrics& metrics;
  // True once the server is shutting down: /readyz answers 503, event streams end.
  const std::atomic<bool>& draining;

  // What follows may be left out.
  // Throws when the database does not answer. May block.
  std::function<void()> ping_database = {};
  // The latest picks, newest first. May block for a moment.
  std::function<std::vector<Decision>()> recent_decisions = {};
  // Exchanges under way, for /admin/state and /metrics.
  std::function<std::size_t()> active_exchanges = {};
  // Client WebSockets, for the same.
  std::function<std::size_t()> open_sockets = {};
  // The Redis stream of records; empty where there is none. May block for a moment.
  std::function<StreamStats()> telemetry_stream = {};
  // The export of spans; empty where there is none.
  std::function<TraceStats()> traces = {};
  // The endpoints for what is registered; only Runtime::control_plane() has them. It goes with its
  // Runtime.
  struct OfRuntime;
  std::shared_ptr<const OfRuntime> of_runtime = {};
};

// Threads, time-outs and the limit for bodies (1 MiB) that the control plane needs; before
// listen().
void configure_control_server(httplib::Server& server);
void mount_control_plane(httplib::Server& server, const ControlPlaneContext& context);

}  // namespace responses_proxy
