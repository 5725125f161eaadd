// Runtime: everything a Proxy needs, built from a Config in the right order.
//
// Role       What rp-server and most embedders start from: system clock, live state (in memory, or
//            over Redis), event loops, upstream clients, health checker, SQL records and metrics. A
//            host may put parts of its own in place of any of them (RuntimeOptions) and keeps the
//            rest, the control plane included.
// Threads    Construct, start, drain, stop and destroy on one thread, which is none of the event
//            loops. proxy() and control_plane() hand out objects with threading rules of their own.
// Ownership  Owns what it has built; what the host has given outlives it. Stop whatever calls into
//            the proxy before it is destroyed.
// Errors     The constructor throws std::runtime_error when the SQLite database cannot be opened or
//            a file of certificate authorities, the registry file or the catalog cannot be read,
//            and std::invalid_argument for options that do not go together. A PostgreSQL that
//            cannot be reached, and a spool that cannot be used, are events of the log.
// Blocking   The constructor opens (and migrates) the database; stop() waits for the event loops,
//            and for the records that are still queued.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "responses_proxy/config.h"
#include "responses_proxy/control_plane.h"
#include "responses_proxy/export.h"
#include "responses_proxy/log.h"
#include "responses_proxy/proxy.h"

namespace RP_PUBLIC responses_proxy {

class BalancingPolicy;
class Conversations;
class Dialect;
class EventLoop;
class EventLoops;
class ExchangeHooks;
class Gate;
class HelperThreads;
class KeptConversations;
class KeptResponses;
class Random;
struct RequestRecord;
class Tracer;
class UpstreamClient;
class UpstreamSockets;
class UpstreamTrust;

// Members are named: RuntimeOptions{.log = log, .state = &my_store}. Whatever is left out the
// Runtime makes itself, from the Config.
struct RuntimeOptions {
  Log log = ignore_log;
  const Clock* clock = nullptr;
  Random* random = nullptr;
  // Loops that the host runs: EventLoops({&loop}). They run from start() on, and not while stop()
  // is called: it ends what would come back to them. They may run again afterwards.
  EventLoops* loops = nullptr;
  // Its sharing(), if there is one, is started and stopped with the Runtime. Its health is observed
  // for the log, for as long as the Runtime is there.
  StateStore* state = nullptr;
  // Then resources and aliases are the host's business: those of the Config and of the registry are
  // not used, and nothing can be registered. `state` is given as well: the store that the router's
  // tables were made with.
  const Router* router = nullptr;
  std::shared_ptr<const BalancingPolicy> policy = nullptr;
  // Records go there, and neither to the database nor to Redis. /metrics counts them all the same.
  TelemetrySink* telemetry = nullptr;
  // Told of each record as it is kept, wherever that is: on an event loop, so it must not block. It
  // does not throw.
  std::function<void(const RequestRecord& record)> on_record = {};
  // What the lists of the control plane and the look-up of old response ids read.
  RecordQueries* records = nullptr;
  // Started and stopped with the Runtime.
  HealthChecker* health = nullptr;
  Gate* gate = nullptr;
  HelperThreads* helpers = nullptr;
  Conversations* conversations = nullptr;
  KeptResponses* kept_responses = nullptr;
  KeptConversations* kept_conversations = nullptr;
  ExchangeHooks* hooks = nullptr;
  Tracer* tracer = nullptr;
  // Beside those that come with the library; one of the same name takes the place of that one.
  std::vector<const Dialect*> dialects = {};
  // Both are called once per loop, before the loops run. Without the second the WebSocket turns of
  // clients go through the first, over HTTP: nothing leaves beside it.
  std::function<std::unique_ptr<UpstreamClient>(EventLoop& loop)> make_upstream = {};
  std::function<std::unique_ptr<UpstreamSockets>(EventLoop& loop)> make_upstream_sockets = {};
};

class Runtime {
 public:
  explicit Runtime(const Config& config, RuntimeOptions options = {});
  ~Runtime();  // stops
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Starts the event loops and, if configured, the periodic health checks.
  void start();
  // New requests must have stopped. Waits up to the drain timeout for those under way, then ends
  // them (a stream gets response.failed). The loops go on.
  void drain();
  // Ends the wait of drain() early: a second signal. Safe from any thread.
  void hurry();
  // Stops the loops and writes the records that are still queued. Idempotent.
  void stop();

  Proxy& proxy();
  EventLoops& loops();
  // The client of that loop, for requests of the host's own.
  UpstreamClient& upstream(std::size_t loop_index);
  // Who vouches for upstreams; reload() it when the files have changed.
  UpstreamTrust& upstream_trust();
  // Reads anew what is registered: SQL, the registry file, the files of credential_refs. The
  // problem, "" = none. Blocks.
  std::string reload_registry();
  const Clock& clock() const;
  // What mount_control_plane needs; `draining` belongs to the host.
  ControlPlaneContext control_plane(const std::atomic<bool>& draining);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace responses_proxy
