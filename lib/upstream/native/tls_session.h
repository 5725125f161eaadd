// TLS sessions of one origin, so that its next connection need not begin from nothing.
#pragma once

#include <openssl/ssl.h>

#include <deque>
#include <memory>

namespace responses_proxy {

using TlsSession = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

class TlsSessions {
 public:
  static constexpr std::size_t kMaxSessions = 8;  // a server may give several at once

  // `store`: the authorities that the server's certificate was found good by.
  void add(TlsSession session, std::shared_ptr<X509_STORE> store);
  // The newest that those authorities still vouch for, null if there is none. Each is used once
  // (RFC 8446, C.4), so that nobody can tell connections of one client by it.
  TlsSession take(const std::shared_ptr<X509_STORE>& store);

 private:
  struct Kept {
    TlsSession session;
    std::shared_ptr<X509_STORE> store;
  };
  std::deque<Kept> sessions_;  // oldest first
};

}  // namespace responses_proxy
