// Connection: a client of the gateway on Asio. One request each, to keep the example short.
//
// Threads    One loop's: the library calls the writer there, and is told there how the client does.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "responses_proxy/proxy.h"

namespace example {

using namespace responses_proxy;
using boost::asio::ip::tcp;
using Problem = boost::system::error_code;
namespace http = boost::beast::http;

// Reads a request, hands it to the library, and writes what the library answers.
class Connection final : public ResponseWriter, public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Proxy& proxy) : socket_(std::move(socket)), proxy_(proxy) {}

  void serve() {
    parser_.body_limit(kMaxBody);
    http::async_read(socket_, buffer_, parser_, [self = shared_from_this()](Problem problem, auto) {
      if (!problem) self->hand_over();
    });
  }

  void observe(ResponseObserver* observer) override { observer_ = observer; }
  void start(ResponseHead head) override {
    std::string text = "HTTP/1.1 " + std::to_string(head.status) + " \r\n";
    for (const Header& field : head.headers) {
      text.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    send(text + "transfer-encoding: chunked\r\nconnection: close\r\n\r\n");
  }
  bool write(std::string_view bytes) override {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    send(std::string(size).append(bytes).append("\r\n"));
    full_ = pending_.size() > kHighWater;
    return !full_;
  }
  void finish() override { end("0\r\n\r\n"); }
  // The client must not take it for the end: there is no last chunk.
  void abort() override { end(""); }

 private:
  static constexpr std::size_t kHighWater = 64 * 1024;
  static constexpr std::size_t kMaxBody = 100 * 1024 * 1024;

  void hand_over() {
    auto& from = parser_.get();
    if (from.target() == "/gateway/hello") {
      start({200, {{"content-type", "text/plain"}}, {}});
      write("the gateway's own route\n");
      return finish();
    }
    Request request;
    request.method = std::string(from.method_string());
    const std::string target(from.target());
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    for (const auto& field : from) {
      request.headers.add(std::string(field.name_string()), std::string(field.value()));
    }
    request.body = std::move(from.body());
    watch_client();
    proxy_.handle(std::move(request), shared_from_this());
  }

  // A client says nothing while it waits: whatever is read, or is not, means that it has left.
  void watch_client() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](Problem) {
      if (self->observer_ != nullptr) self->observer_->on_closed();
    });
  }

  void send(std::string bytes) {
    pending_ += bytes;
    if (!writing_) flush();
  }
  void flush() {
    writing_ = true;
    under_way_ = std::exchange(pending_, {});
    boost::asio::async_write(
        socket_, boost::asio::buffer(under_way_),
        [self = shared_from_this()](Problem problem, auto) { self->flushed(problem); });
  }
  void flushed(Problem problem) {
    writing_ = false;
    if (problem) {
      if (observer_ != nullptr) observer_->on_closed();
      return close();
    }
    if (!pending_.empty()) return flush();
    if (ended_) return close();
    if (std::exchange(full_, false) && observer_ != nullptr) observer_->on_writable();
  }
  void end(std::string last) {
    observer_ = nullptr;
    ended_ = true;
    send(std::move(last));
  }
  void close() {
    Problem ignored;
    socket_.close(ignored);
  }

  tcp::socket socket_;
  Proxy& proxy_;
  boost::beast::flat_buffer buffer_;
  http::request_parser<http::string_body> parser_;
  ResponseObserver* observer_ = nullptr;
  std::string pending_;
  std::string under_way_;
  bool writing_ = false;
  bool full_ = false;
  bool ended_ = false;
};

}  // namespace example
