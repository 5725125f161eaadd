#include "upstream/tls_socket.h"

#include <boost/asio/ip/address.hpp>
#include <utility>

#include "upstream/socket_transport.h"

namespace responses_proxy {

namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;

ssl::context make_tls_context(const std::string& ca_file) {
  ssl::context context(ssl::context::tls_client);
  context.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 |
                      ssl::context::no_tlsv1_1);
  boost::system::error_code error;  // without roots every handshake fails, and says why
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
  } else {
    context.load_verify_file(ca_file, error);
  }
  context.set_verify_mode(ssl::verify_peer);
  SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);  // idle sockets are many
  return context;
}

std::shared_ptr<SocketConnection> make_tls_socket(boost::asio::io_context& context,
                                                  ssl::context& tls, SocketTarget target,
                                                  UpstreamSocketRequest request,
                                                  const UpstreamSocketOptions& options,
                                                  UpstreamSocketHandler& handler) {
  ssl::stream<tcp::socket> stream(context, tls);
  stream.set_verify_callback(ssl::host_name_verification(target.host));
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(target.host, not_an_address);
  if (not_an_address) {  // RFC 6066: server names are not addresses
    SSL_set_tlsext_host_name(stream.native_handle(), target.host.c_str());
  }
  return std::make_shared<SocketTransport<ssl::stream<tcp::socket>>>(
      std::move(stream), context, std::move(target), std::move(request), options, handler);
}

}  // namespace responses_proxy
