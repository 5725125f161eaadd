// Runtime: everything a Proxy needs, built from a Config in the right order.
//
// Role       What rp-server and most embedders start from: system clock, live state (in memory, or
//            over Redis), event loops, libcurl clients, health checker, SQL records and metrics. A
//            host that wants other pieces builds Dependencies itself.
// Threads    Construct, start, stop and destroy on one thread. proxy() and control_plane() hand out
//            objects with threading rules of their own.
// Ownership  Owns all of it. Stop whatever calls into the proxy before it is destroyed.
// Errors     The constructor throws std::runtime_error when the SQLite database cannot be opened or
//            a file of certificate authorities, or the registry file, cannot be read. A PostgreSQL
//            that cannot be reached, and a spool that cannot be used, are events of the log.
// Blocking   The constructor opens (and migrates) the database; stop() waits for the event loops,
//            and for the records that are still queued.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "responses_proxy/config.h"
#include "responses_proxy/control_plane.h"
#include "responses_proxy/log.h"
#include "responses_proxy/proxy.h"

namespace responses_proxy {

class EventLoops;
class UpstreamClient;
class UpstreamTrust;

class Runtime {
 public:
  explicit Runtime(const Config& config, Log log = ignore_log);
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
