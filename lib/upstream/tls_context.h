// What all TLS connections to upstreams have in common.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <string>

namespace responses_proxy {

boost::asio::ssl::context make_tls_context();

// Whom the server has to be: told to it, and asked of its certificate.
void name_peer(SSL* session, const std::string& host);

}  // namespace responses_proxy
