#include "runtime/loop_upstreams.h"

#include <stdexcept>
#include <string>
#include <utility>

namespace responses_proxy {

LoopUpstreams::LoopUpstreams(const Config& config, const RuntimeOptions& options,
                             const Clock& clock, EventLoops& loops)
    : trust_(std::make_shared<UpstreamTrust>(TrustFiles{.ca_file = config.upstream_ca_file,
                                                        .ssl_cert_file = config.ssl_cert_file,
                                                        .ssl_cert_dir = config.ssl_cert_dir})) {
  if (const std::string problem = trust_->problem(); !problem.empty()) {
    throw UpstreamTrustError(problem);
  }
  for (std::size_t i = 0; i < loops.size(); ++i) {
    clients_.push_back(make_client(config, options, clock, loops.at(i)));
    sockets_.push_back(make_sockets(config, options, clock, loops.at(i)));
  }
}

std::unique_ptr<UpstreamClient> LoopUpstreams::make_client(const Config& config,
                                                           const RuntimeOptions& options,
                                                           const Clock& clock,
                                                           EventLoop& loop) const {
  UpstreamClientOptions http;
  http.trust = trust_;
  http.allow_private = config.allow_private_upstreams;
  http.http = config.upstream_http;
  auto client =
      options.make_upstream ? options.make_upstream(loop) : make_upstream_client(loop, clock, http);
  if (!client) {
    throw std::invalid_argument("RuntimeOptions::make_upstream has made no client for a loop");
  }
  return client;
}

// Null: turns of WebSocket clients go over HTTP, too.
std::unique_ptr<UpstreamSockets> LoopUpstreams::make_sockets(const Config& config,
                                                             const RuntimeOptions& options,
                                                             const Clock& clock,
                                                             EventLoop& loop) const {
  if (options.make_upstream_sockets) return options.make_upstream_sockets(loop);
  if (options.make_upstream) return nullptr;  // nothing leaves beside the host's client
  UpstreamSocketOptions sockets;
  sockets.trust = trust_;
  sockets.allow_private = config.allow_private_upstreams;
  return make_upstream_sockets(loop, clock, sockets);
}

void LoopUpstreams::add_to(ProxyOptions& options) const {
  for (const auto& client : clients_) options.upstreams.push_back(client.get());
  for (const auto& sockets : sockets_) options.upstream_sockets.push_back(sockets.get());
}

}  // namespace responses_proxy
