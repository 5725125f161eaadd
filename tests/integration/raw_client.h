// A client on a bare socket: it decides itself what to send and when to read.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <string>

namespace responses_proxy::testing {

class RawClient {
 public:
  // Not connected yet, but with its descriptor.
  RawClient() : socket_(context_) {
    socket_.open(boost::asio::ip::tcp::v4());
    socket_.set_option(boost::asio::socket_base::receive_buffer_size(16 * 1024));
  }
  explicit RawClient(std::uint16_t port) : RawClient() { connect(port); }

  void connect(std::uint16_t port) {
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port});
  }

  void send(const std::string& bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
  // On a connection that ends with the answer.
  void post(const std::string& body) {
    send(
        "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Connection: close\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  // 0: the connection has ended.
  std::size_t read_some() {
    std::array<char, 4096> buffer;
    boost::system::error_code error;
    const std::size_t bytes = socket_.read_some(boost::asio::buffer(buffer), error);
    received_ += bytes;
    text_.append(buffer.data(), bytes);
    return bytes;
  }
  const std::string& read_until(const std::string& mark) {
    while (text_.find(mark) == std::string::npos && read_some() > 0) {
    }
    return text_;
  }
  const std::string& read_to_end() {
    while (read_some() > 0) {
    }
    return text_;
  }
  std::uint64_t received() const { return received_; }
  const std::string& text() const { return text_; }
  void clear() { text_.clear(); }
  void close() { socket_.close(); }
  // As if the process had been killed with data unread: the peer sees a reset.
  void reset() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  std::uint64_t received_ = 0;
  std::string text_;
};

}  // namespace responses_proxy::testing
