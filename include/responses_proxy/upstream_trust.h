// UpstreamTrust: the certificate authorities that vouch for providers, over HTTP and WebSocket
// alike.
//
// Role       One per process; its store is used for every TLS connection that begins.
// Threads    Everything from any thread.
// Ownership  Shared by the clients it is given to.
// Errors     problem() tells. After a bad reload() the authorities of before stay.
// Blocking   The constructor and reload() read files: not on an event loop.
#pragma once

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "responses_proxy/export.h"

struct x509_store_st;  // OpenSSL's X509_STORE

namespace RP_PUBLIC responses_proxy {

struct TrustFiles {
  std::string ca_file = {};        // PROXY_UPSTREAM_CA_FILE: these authorities and no others
  std::string ssl_cert_file = {};  // SSL_CERT_FILE: in place of the system's file
  std::string ssl_cert_dir = {};   // SSL_CERT_DIR: in place of the system's folder
};

// What Runtime throws where problem() says something at its start: the same words.
class UpstreamTrustError final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class UpstreamTrust {
 public:
  explicit UpstreamTrust(TrustFiles files = {});

  // Reads the files again; connections that begin from now on go by what they say.
  void reload();
  // What was wrong with the files when they were last read, naming variable and file; "" = nothing.
  std::string problem() const;
  std::shared_ptr<x509_store_st> store() const;

 private:
  const TrustFiles files_;
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<x509_store_st> store_;
  std::string problem_;
};

}  // namespace responses_proxy
