// The TLS side of upstream connections: what HTTP and WebSocket share, and WebSocket's transport,
// in a file of its own because it takes long to compile.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "responses_proxy/upstream_trust.h"
#include "upstream/socket_connection.h"

namespace responses_proxy {

boost::asio::ssl::context make_tls_context();
// Connections that begin from now on are verified against what it has loaded by now.
void trust_in(boost::asio::ssl::context& context, const UpstreamTrust& trust);

// Whom the server has to be: told to it, and asked of its certificate.
void name_peer(SSL* session, const std::string& host);

std::shared_ptr<SocketConnection> make_tls_socket(EventLoop& loop, boost::asio::ssl::context& tls,
                                                  SocketTarget target,
                                                  UpstreamSocketRequest request,
                                                  const UpstreamSocketOptions& options,
                                                  UpstreamSocketHandler& handler);

}  // namespace responses_proxy
