// ClientSocket: the bytes of one client's connection, over TCP as they are or inside TLS.
//
// Role       What HttpConnection and WebSocketConnection read and write. Over TLS, hands have been
//            shaken already.
// Threads    One: the connection's event loop.
// Ownership  The socket and its TLS session; its user outlives it, or is replaced.
// Errors     As those of a TCP socket: the peer's good-bye is `eof`, what is no TLS is
//            `connection_reset`. Making one throws std::system_error where the kernel has no memory
//            to watch it; the socket is closed then.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "core/socket_poller.h"
#include "server/listener_tls.h"

namespace responses_proxy {

class ClientSocket final : private PolledSocket::Waiter {
 public:
  using Tcp = boost::asio::ip::tcp::socket;
  using ErrorCode = boost::system::error_code;

  // May close the socket, hand it on or destroy it.
  class User {
   public:
    virtual void on_readable() = 0;
    virtual void on_writable() = 0;

   protected:
    ~User() = default;
  };

  // `tls`: made for this socket; null = none. The socket does not block from here on.
  explicit ClientSocket(Tcp tcp, TlsSession tls = nullptr);

  void serve(User& user) { user_ = &user; }
  boost::asio::io_context& context() { return socket_.context(); }
  bool is_tls() const { return tls_ != nullptr; }
  // The client's address, "" if it is unknown.
  std::string peer() const;

  // What can be read or written at once; `would_block` if that is nothing. What was not taken of a
  // write must be offered again before anything else: TLS has begun with it.
  std::size_t read_some(boost::asio::mutable_buffer into, ErrorCode& error);
  std::size_t write_some(boost::asio::const_buffer from, ErrorCode& error);
  // Whether TLS has bytes that the socket does not announce again: read before you wait.
  bool holds_more() const;
  // Once, when a read, or a write, that would have blocked may go on; not inside this call.
  void want_read();
  void want_write();

  // Tells the peer's TLS, if there is one, that nothing more comes; if that can be done at once.
  void say_goodbye();
  // The same, and shuts the connection down for sending.
  void shutdown_send();
  // Nobody is told anything more.
  void close() { socket_.close(); }

 private:
  // What a read or a write waits for: not always its like, in TLS.
  enum class Readiness : std::uint8_t { readable, writable };

  void on_readable() override { ready(Readiness::readable); }
  void on_writable() override { ready(Readiness::writable); }
  void ready(Readiness what);
  void wait_for(Readiness what);
  // What OpenSSL said: how many bytes, or why not.
  std::size_t outcome(int bytes, Readiness& waits_for, ErrorCode& error);

  PolledSocket socket_;
  TlsSession tls_;
  User* user_ = nullptr;
  bool wants_read_ = false;
  bool wants_write_ = false;
  Readiness read_waits_for_ = Readiness::readable;
  Readiness write_waits_for_ = Readiness::writable;
};

}  // namespace responses_proxy
