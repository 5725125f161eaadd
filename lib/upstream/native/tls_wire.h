// Connections over TLS: OpenSSL on the loop's own socket.
//
// Asio's stream keeps two buffers of 17 KB for each connection; OpenSSL gives its own back while a
// connection is idle.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "responses_proxy/upstream_trust.h"
#include "upstream/native/origin.h"
#include "upstream/native/wire.h"

namespace responses_proxy {

class TlsWire final : public Wire {
 public:
  // `sockets`: how OpenSSL reads and writes `socket`. `sessions`: of its origin, which outlives it.
  TlsWire(SSL_CTX* context, const BIO_METHOD* sockets, int socket, const std::string& host,
          TlsSessions& sessions, std::shared_ptr<X509_STORE> store);
  ~TlsWire() override;
  TlsWire(const TlsWire&) = delete;
  TlsWire& operator=(const TlsWire&) = delete;

  WireState shake_hands() override;
  WireResult read(std::span<char> to) override;
  WireResult write(std::span<const iovec> parts) override;

  // After shake_hands() has failed: what is wrong with the certificate, "" = nothing; else
  // OpenSSL's own reason.
  std::string objection() const;
  const std::string& reason() const { return reason_; }
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

  // For OpenSSL.
  int socket() const { return socket_; }
  static int on_new_session(SSL* ssl, SSL_SESSION* session);

 private:
  WireState state_of(int result);

  const int socket_;
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  TlsSessions& sessions_;
  const std::shared_ptr<X509_STORE> store_;
  bool stands_ = false;
  bool lost_ = false;
  std::string reason_;
};

// What all TLS connections of one client share.
class TlsWires {
 public:
  explicit TlsWires(std::shared_ptr<const UpstreamTrust> trust);
  ~TlsWires();
  TlsWires(const TlsWires&) = delete;
  TlsWires& operator=(const TlsWires&) = delete;

  std::unique_ptr<TlsWire> make(int socket, Origin& origin);

 private:
  const std::shared_ptr<const UpstreamTrust> trust_;
  boost::asio::ssl::context context_;
  BIO_METHOD* const sockets_;
};

}  // namespace responses_proxy
