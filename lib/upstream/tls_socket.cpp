#include "upstream/tls_socket.h"

#include <boost/asio/ip/address.hpp>
#include <utility>

#include "upstream/socket_transport.h"

namespace responses_proxy {

namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;

ssl::context make_tls_context() {
  ssl::context context(ssl::context::tls_client);
  context.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 |
                      ssl::context::no_tlsv1_1);
  context.set_verify_mode(ssl::verify_peer);
  SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);  // idle sockets are many
  return context;
}

void trust_in(ssl::context& context, const UpstreamTrust& trust) {
  SSL_CTX_set1_cert_store(context.native_handle(), trust.store().get());
}

void name_peer(SSL* session, const std::string& host) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (not_an_address) {
    SSL_set1_host(session, host.c_str());
    SSL_set_tlsext_host_name(session, host.c_str());
  } else {  // RFC 6066: server names are not addresses
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str());
  }
}

std::shared_ptr<SocketConnection> make_tls_socket(EventLoop& loop, ssl::context& tls,
                                                  SocketTarget target,
                                                  UpstreamSocketRequest request,
                                                  const UpstreamSocketOptions& options,
                                                  UpstreamSocketHandler& handler) {
  ssl::stream<tcp::socket> stream(loop.context(), tls);
  name_peer(stream.native_handle(), target.host);
  return std::make_shared<SocketTransport<ssl::stream<tcp::socket>>>(
      std::move(stream), loop, std::move(target), std::move(request), options, handler);
}

}  // namespace responses_proxy
