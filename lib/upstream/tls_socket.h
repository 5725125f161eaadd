// The TLS side of upstream sockets, in a file of its own because it takes long to compile.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "responses_proxy/upstream_trust.h"
#include "upstream/socket_connection.h"

namespace responses_proxy {

boost::asio::ssl::context make_tls_context();
// Connections that begin from now on are verified against what it has loaded by now.
void trust_in(boost::asio::ssl::context& context, const UpstreamTrust& trust);

std::shared_ptr<SocketConnection> make_tls_socket(EventLoop& loop, boost::asio::ssl::context& tls,
                                                  SocketTarget target,
                                                  UpstreamSocketRequest request,
                                                  const UpstreamSocketOptions& options,
                                                  UpstreamSocketHandler& handler);

}  // namespace responses_proxy
