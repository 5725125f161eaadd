// A TLS server with a certificate of its own making that echoes WebSocket messages, and says "ok"
// to other requests.
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

namespace responses_proxy::testing {

// One connection after the other.
class TlsEchoServer {
 public:
  explicit TlsEchoServer(const OwnCertificate& certificate) {
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
    boost::beast::flat_buffer received;
    boost::beast::http::request<boost::beast::http::string_body> request;
    boost::beast::http::read(stream.next_layer(), received, request, error);
    if (error) return;
    if (!boost::beast::websocket::is_upgrade(request)) {
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
      boost::asio::write(stream.next_layer(), boost::asio::buffer(answer), error);
      return;
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
  std::atomic<bool> ending_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> names_;
  std::thread thread_;
};

}  // namespace responses_proxy::testing
