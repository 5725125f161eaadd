// ConnectionRig: one HttpConnection on a socket pair, with a fake owner and a clock that only moves
// when the test says so. Nothing happens but inside its calls: one thread, no waiting.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fakes/manual_clock.h"
#include "server/http_connection.h"

namespace responses_proxy::testing {

// Each has a value of its own, so that one cannot stand in for another.
inline HttpLimits distinct_limits() {
  HttpLimits limits;
  limits.max_head_bytes = 8 * 1024;
  limits.max_body_bytes = 64 * 1024;
  limits.head_timeout = Millis(3'000);
  limits.body_timeout = Millis(5'000);
  limits.idle_timeout = Millis(7'000);
  limits.write_timeout = Millis(11'000);
  limits.linger_timeout = Millis(13'000);
  return limits;
}

class ConnectionRig final : public ConnectionOwner, public ResponseObserver {
 public:
  using Serve = std::function<void(const Request&, const std::shared_ptr<ResponseWriter>&)>;

  explicit ConnectionRig(BrowserGuard guard = {}, HttpLimits limits = distinct_limits())
      : limits_(limits), guard_(std::move(guard)) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) != 0) {
      throw std::runtime_error("socketpair");
    }
    client_ = ends[1];
    constexpr int kSmall = 4096;  // so that an answer that nobody reads soon has to wait
    ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &kSmall, sizeof kSmall);
    boost::asio::ip::tcp::socket socket(context_);
    socket.assign(boost::asio::ip::tcp::v4(), ends[0]);
    connection_ = std::make_shared<HttpConnection>(
        std::make_unique<ClientSocket>(std::move(socket)), limits_, guard_, clock_, *this);
    connection_->start();
    run();
  }
  ~ConnectionRig() {
    if (connection_) connection_->close();
    if (client_ >= 0) ::close(client_);
    run();
  }
  ConnectionRig(const ConnectionRig&) = delete;
  ConnectionRig& operator=(const ConnectionRig&) = delete;

  // ---- the client ----
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      run();
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // What the server has sent since the last call. Reading makes room for more of it.
  std::string receive() {
    std::string text;
    std::array<char, 65536> buffer;
    for (;;) {
      const auto bytes = ::recv(client_, buffer.data(), buffer.size(), 0);
      if (bytes <= 0) {
        at_end_ = at_end_ || bytes == 0;
        return text;
      }
      text.append(buffer.data(), static_cast<std::size_t>(bytes));
      run();
    }
  }
  // The server has said that nothing more comes; after receive().
  bool at_end() const { return at_end_; }
  void hang_up() {
    ::close(std::exchange(client_, -1));
    run();
  }
  std::string answer_to(std::string_view bytes) {
    send(bytes);
    return receive();
  }

  // ---- the listener ----
  void pass(Millis time) {
    clock_.advance(time);
    if (const auto connection = connection_) connection->check_deadline(clock_.steady());
    run();
  }
  void drain() {
    draining_ = true;
    if (const auto connection = connection_) connection->drain();
    run();
  }
  bool open() const { return connection_ != nullptr; }
  const HttpLimits& limits() const { return limits_; }

  // ---- the exchange ----
  // Without one, a request waits for the test to use writer().
  void serve_with(Serve serve) { serve_ = std::move(serve); }
  const std::vector<Request>& requests() const { return requests_; }
  ResponseWriter& writer() { return *writer_; }
  // Calls of the writer, and what they bring about.
  void write(const std::function<void(ResponseWriter&)>& calls) {
    calls(*writer_);
    run();
  }
  void accept_sockets() { accepts_sockets_ = true; }
  int sockets() const { return sockets_; }
  int told_writable() const { return told_writable_; }
  int told_closed() const { return told_closed_; }

 private:
  void serve(Request request, std::shared_ptr<ResponseWriter> writer) override {
    requests_.push_back(std::move(request));
    writer_ = std::move(writer);
    writer_->observe(this);
    if (serve_) serve_(requests_.back(), writer_);
  }
  bool accepts_socket(const Request&) const override { return accepts_sockets_; }
  void open_socket(std::unique_ptr<ClientSocket>, Request) override { ++sockets_; }
  void on_connection_closed(HttpConnection&) override { connection_.reset(); }
  bool draining() const override { return draining_; }
  std::string new_request_id() override { return "req_of_the_rig"; }
  void on_writable() override { ++told_writable_; }
  void on_closed() override { ++told_closed_; }

  void run() {
    context_.restart();
    context_.poll();
  }

  boost::asio::io_context context_{1};
  const HttpLimits limits_;
  const BrowserGuard guard_;
  ManualClock clock_;
  int client_ = -1;
  bool at_end_ = false;
  bool draining_ = false;
  bool accepts_sockets_ = false;
  int sockets_ = 0;
  int told_writable_ = 0;
  int told_closed_ = 0;
  Serve serve_;
  std::vector<Request> requests_;
  std::shared_ptr<ResponseWriter> writer_;
  std::shared_ptr<HttpConnection> connection_;
};

}  // namespace responses_proxy::testing
