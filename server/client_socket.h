// ClientSocket: the bytes of one client's connection, over TCP as they are or inside TLS.
//
// Role       What HttpConnection and WebSocketConnection read and write. Over TLS, hands have been
//            shaken already.
// Threads    One: the connection's event loop. At most one read and one write at a time.
// Ownership  The socket and its TLS session. Does not move while something is pending, and outlives
//            it.
// Errors     As those of a TCP socket: the peer's good-bye is `eof`, what is no TLS is
//            `connection_reset`.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <string>
#include <utility>

#include "server/listener_tls.h"

namespace responses_proxy {

class ClientSocket {
 public:
  using Tcp = boost::asio::ip::tcp::socket;
  using ErrorCode = boost::system::error_code;
  using executor_type = Tcp::executor_type;

  // `tls`: made for this socket; null = none. The socket does not block from here on.
  explicit ClientSocket(Tcp tcp, TlsSession tls = nullptr);

  executor_type get_executor() { return tcp_.get_executor(); }
  bool is_tls() const { return tls_ != nullptr; }
  Tcp& tcp() { return tcp_; }  // below TLS
  // The client's address, "" if it is unknown.
  std::string peer() const;

  // What can be read or written at once; `would_block` if that is nothing. What was not taken of a
  // write must be offered again before anything else: TLS has begun with it.
  std::size_t read_some(boost::asio::mutable_buffer into, ErrorCode& error);
  std::size_t write_some(boost::asio::const_buffer from, ErrorCode& error);
  // Whether TLS has bytes that the socket does not announce again: read before you wait.
  bool holds_more() const;
  // Until a read, or a write, that would have blocked may go on; handler(ErrorCode).
  template <class Handler>
  void wait_to_read(Handler&& handler) {
    tcp_.async_wait(read_waits_for_, std::forward<Handler>(handler));
  }
  template <class Handler>
  void wait_to_write(Handler&& handler) {
    tcp_.async_wait(write_waits_for_, std::forward<Handler>(handler));
  }

  // Tells the peer's TLS, if there is one, that nothing more comes; if that can be done at once.
  void say_goodbye();
  // The same, and shuts the connection down for sending.
  void shutdown_send();
  void close();

 private:
  // What OpenSSL said: how many bytes, or why not.
  std::size_t outcome(int bytes, Tcp::wait_type& waits_for, ErrorCode& error);

  Tcp tcp_;
  TlsSession tls_;
  Tcp::wait_type read_waits_for_ = Tcp::wait_read;
  Tcp::wait_type write_waits_for_ = Tcp::wait_write;
};

}  // namespace responses_proxy
