// LoopUpstreams: the clients that go to providers, one of each kind per event loop: those that the
// host makes, or this library's own.
//
// Threads    Made and destroyed on one thread; each client belongs to its loop.
// Ownership  Config, clock and loops outlive it.
// Errors     The constructor throws std::runtime_error for certificates that cannot be read, and
//            std::invalid_argument for a host that makes no client.
#pragma once

#include <memory>
#include <vector>

#include "responses_proxy/config.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/proxy_options.h"
#include "responses_proxy/runtime.h"
#include "responses_proxy/upstream_client.h"
#include "responses_proxy/upstream_socket.h"
#include "responses_proxy/upstream_trust.h"

namespace responses_proxy {

class LoopUpstreams {
 public:
  LoopUpstreams(const Config& config, const RuntimeOptions& options, const Clock& clock,
                EventLoops& loops);

  UpstreamTrust& trust() { return *trust_; }
  UpstreamClient& client(std::size_t loop) { return *clients_.at(loop); }
  // Puts them where a Proxy looks for them.
  void add_to(ProxyOptions& options) const;

 private:
  std::unique_ptr<UpstreamClient> make_client(const Config& config, const RuntimeOptions& options,
                                              const Clock& clock, EventLoop& loop) const;
  std::unique_ptr<UpstreamSockets> make_sockets(const Config& config, const RuntimeOptions& options,
                                                const Clock& clock, EventLoop& loop) const;

  const std::shared_ptr<UpstreamTrust> trust_;
  std::vector<std::unique_ptr<UpstreamClient>> clients_;
  std::vector<std::unique_ptr<UpstreamSockets>> sockets_;
};

}  // namespace responses_proxy
