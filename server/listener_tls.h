// ListenerTls: the certificate that clients are shown, and whom they must be vouched for by.
//
// Role       Makes the TLS side of connections: TLS 1.2 and newer, HTTP/1.1 by ALPN. reload() reads
//            the files again; connections that are there go on with what they began with. Where
//            clients need a certificate, the server's own is one too: whoever has its key is this
//            installation (`rp-server health`).
// Threads    Safe from any.
// Errors     Files that cannot be used are problems in words, "VARIABLE: what and why", never with
//            anything of a key in them.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/config.h"

namespace responses_proxy {

struct FreeSsl {
  void operator()(SSL* session) const { SSL_free(session); }
};
using TlsSession = std::unique_ptr<SSL, FreeSsl>;

class ListenerTls {
 public:
  struct Files {
    std::string certificate;  // PEM, the chain behind it
    std::string key;
    std::string client_ca;  // "" = clients need no certificate
  };
  static Files files_of(const Config& config) {
    return {config.tls_cert_file, config.tls_key_file, config.tls_client_ca_file};
  }

  // Reads the files; see problem().
  explicit ListenerTls(Files files);

  // Reads the files again. If something is wrong with them, those of before stay in use.
  void reload();
  // With the files that were read last; "" = nothing.
  std::string problem() const;
  // That the certificate in use is not valid now; "" = it is.
  std::string warning(WallTime now) const;

  // The server's side of a new connection, on a socket that does not block. Null: no memory, or no
  // certificate was ever read.
  TlsSession accept(int socket) const;

 private:
  using Context = std::shared_ptr<SSL_CTX>;

  const Files files_;
  mutable std::mutex mutex_;  // guards what follows
  Context context_;           // null until files were good
  std::string problem_;
};

}  // namespace responses_proxy
