#include "responses_proxy/upstream_trust.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <new>
#include <system_error>
#include <utility>

namespace responses_proxy {

namespace {

// What is wrong with a file of certificates, "" = nothing.
std::string load_file(X509_STORE* store, std::string_view variable, const std::string& path) {
  errno = 0;
  if (!std::ifstream(path)) {
    return fmt::format("{}: {} cannot be read ({})", variable, path,
                       std::generic_category().message(errno));
  }
  if (X509_STORE_load_file(store, path.c_str()) != 1) {
    return fmt::format("{}: {} holds no certificate in PEM form", variable, path);
  }
  return {};
}

std::string load_folder(X509_STORE* store, const std::string& path) {
  std::error_code error;
  // A list, as OpenSSL takes it; its folders are looked at when a certificate is to be verified.
  const std::string first = path.substr(0, path.find(':'));
  if (!std::filesystem::is_directory(first, error)) {
    return fmt::format("SSL_CERT_DIR: {} is no folder", first);
  }
  X509_STORE_load_path(store, path.c_str());
  return {};
}

std::string load(X509_STORE* store, const TrustFiles& files) {
  if (!files.ca_file.empty()) {
    return load_file(store, "PROXY_UPSTREAM_CA_FILE", files.ca_file);
  }
  std::string problem;
  if (!files.ssl_cert_file.empty()) {
    problem = load_file(store, "SSL_CERT_FILE", files.ssl_cert_file);
  } else {
    X509_STORE_load_file(store, X509_get_default_cert_file());  // not there on every system
  }
  if (!problem.empty()) return problem;
  if (!files.ssl_cert_dir.empty()) return load_folder(store, files.ssl_cert_dir);
  X509_STORE_load_path(store, X509_get_default_cert_dir());
  return {};
}

}  // namespace

UpstreamTrust::UpstreamTrust(TrustFiles files) : files_(std::move(files)) {
  reload();
}

void UpstreamTrust::reload() {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), &X509_STORE_free);
  if (!store) throw std::bad_alloc();
  // An authority need not be a root; curl sets this on every store it uses.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  std::string problem = load(store.get(), files_);
  ERR_clear_error();  // of files that need not be there
  const std::scoped_lock lock(mutex_);
  // An empty store at first: then nobody is trusted, which the handshakes say.
  if (problem.empty() || !store_) store_ = std::move(store);
  problem_ = std::move(problem);
}

std::string UpstreamTrust::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

std::shared_ptr<x509_store_st> UpstreamTrust::store() const {
  const std::scoped_lock lock(mutex_);
  return store_;
}

}  // namespace responses_proxy
