// The TLS side of upstream sockets, in a file of its own because it takes long to compile.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "upstream/socket_connection.h"

namespace responses_proxy {

// Verifies providers against that CA file, or the system's store if it is "".
boost::asio::ssl::context make_tls_context(const std::string& ca_file);

std::shared_ptr<SocketConnection> make_tls_socket(boost::asio::io_context& context,
                                                  boost::asio::ssl::context& tls,
                                                  SocketTarget target,
                                                  UpstreamSocketRequest request,
                                                  const UpstreamSocketOptions& options,
                                                  UpstreamSocketHandler& handler);

}  // namespace responses_proxy
