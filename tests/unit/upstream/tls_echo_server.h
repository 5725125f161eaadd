// A TLS server with a certificate of its own making that echoes WebSocket messages, and says one
// thing, "ok" if nothing else, to other requests.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "fakes/own_certificate.h"
#include "fakes/temp_folder.h"
#include "responses_proxy/upstream_client.h"
#include "responses_proxy/upstream_trust.h"

namespace responses_proxy::testing {

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
