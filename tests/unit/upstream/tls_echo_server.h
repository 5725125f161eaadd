// A TLS server with a certificate of its own making that echoes WebSocket messages, and says one
// thing, "ok" if nothing else, to other requests.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "fakes/temp_folder.h"
#include "responses_proxy/upstream_client.h"
#include "responses_proxy/upstream_trust.h"

namespace responses_proxy::testing {

// Self-signed, so that it is its own CA.
class OwnCertificate {
 public:
  // `names`: "DNS:localhost,IP:127.0.0.1"; `expires_in`: seconds.
  explicit OwnCertificate(const std::string& names, long expires_in = 3600)
      : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
    X509* certificate = certificate_.get();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), expires_in);
    X509_set_pubkey(certificate, key_.get());
    X509_NAME* name = X509_get_subject_name(certificate);
    // Each its own subject: OpenSSL looks authorities up by it.
    const std::string subject = "test " + std::to_string(std::random_device{}());
    const auto* text = reinterpret_cast<const unsigned char*>(subject.c_str());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    extend(NID_basic_constraints, "critical,CA:TRUE");
    extend(NID_subject_alt_name, names);
    X509_sign(certificate, key_.get(), EVP_sha256());
  }

  void use_in(boost::asio::ssl::context& context) const {
    SSL_CTX_use_certificate(context.native_handle(), certificate_.get());
    SSL_CTX_use_PrivateKey(context.native_handle(), key_.get());
  }
  // What a folder of certificates calls it.
  std::string hashed_name() const {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "%08lx.0", X509_subject_name_hash(certificate_.get()));
    return name.data();
  }
  void write(const std::string& path) const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509(bio.get(), certificate_.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    std::ofstream(path).write(data, size);
  }

 private:
  void extend(int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

// A client's options with which that certificate is good; its file stands in `folder`.
inline UpstreamClientOptions trusting(const OwnCertificate& certificate, const TempFolder& folder) {
  const std::string path = folder.path() / "ca.pem";
  certificate.write(path);
  UpstreamClientOptions options;
  options.trust = std::make_shared<UpstreamTrust>(TrustFiles{.ca_file = path});
  return options;
}

// One connection after the other; clients that keep theirs have to go first.
class TlsEchoServer {
 public:
  static constexpr const char* kOk =
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
  explicit TlsEchoServer(const OwnCertificate& certificate, std::string answer = kOk)
      : answer_(std::move(answer)) {
    certificate.use_in(tls_);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsEchoServer() {
    ending_ = true;
    boost::asio::io_context context;
    tcp::socket knock(context);
    boost::system::error_code ignored;
    knock.connect(acceptor_.local_endpoint(), ignored);
    knock.close(ignored);
    thread_.join();
  }
  TlsEchoServer(const TlsEchoServer&) = delete;
  TlsEchoServer& operator=(const TlsEchoServer&) = delete;

  std::string url(const std::string& host) const {
    return "https://" + host + ":" + std::to_string(acceptor_.local_endpoint().port()) + "/v1";
  }
  // How many handshakes went on with the session of an earlier one.
  std::size_t resumed() const { return resumed_; }
  // The server names of the clients that shook hands; "" = none was given.
  std::vector<std::string> names() const {
    const std::scoped_lock lock(mutex_);
    return names_;
  }

 private:
  using tcp = boost::asio::ip::tcp;
  using Stream = boost::asio::ssl::stream<tcp::socket>;

  void serve() {
    while (!ending_) {
      boost::system::error_code error;
      tcp::socket socket(context_);
      acceptor_.accept(socket, error);
      if (!error) echo(std::move(socket));
    }
  }
  void echo(tcp::socket socket) {
    boost::system::error_code error;
    boost::beast::websocket::stream<Stream> stream(std::move(socket), tls_);
    stream.next_layer().handshake(Stream::server, error);
    if (error) return;
    const char* name =
        SSL_get_servername(stream.next_layer().native_handle(), TLSEXT_NAMETYPE_host_name);
    {
      const std::scoped_lock lock(mutex_);
      names_.emplace_back(name == nullptr ? "" : name);
    }
    if (SSL_session_reused(stream.next_layer().native_handle()) == 1) ++resumed_;
    boost::beast::flat_buffer received;
    boost::beast::http::request<boost::beast::http::string_body> request;
    for (;;) {
      boost::beast::http::request_parser<boost::beast::http::string_body> parser;
      parser.body_limit(1'000'000'000);
      boost::beast::http::read(stream.next_layer(), received, parser, error);
      if (error) return;
      request = parser.release();
      if (boost::beast::websocket::is_upgrade(request)) break;
      boost::asio::write(stream.next_layer(), boost::asio::buffer(answer_), error);
      if (error || answer_.find("Connection: close") != std::string::npos) return;
    }
    stream.accept(request, error);
    while (!error) {
      boost::beast::flat_buffer buffer;
      stream.read(buffer, error);
      if (!error) stream.write(buffer.cdata(), error);
    }
  }

  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
  const std::string answer_;
  std::atomic<bool> ending_{false};
  std::atomic<std::size_t> resumed_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> names_;
  std::thread thread_;
};

}  // namespace responses_proxy::testing
