#include "server/client_socket.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace responses_proxy {

namespace {

int at_most_int(std::size_t bytes) {
  return static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
}

ClientSocket::ErrorCode error_of_call() {
  if (errno == EINTR) return boost::asio::error::would_block;
  return {errno, boost::system::system_category()};
}

// Of a socket that takes care of itself from here on: Asio would be woken for it as well.
int released(boost::asio::ip::tcp::socket& tcp) {
  boost::system::error_code ignored;
  tcp.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  tcp.non_blocking(true, ignored);
  return tcp.release(ignored);
}

}  // namespace

ClientSocket::ClientSocket(Tcp tcp, TlsSession tls)
    : socket_(SocketPoller::of(tcp.get_executor().context()), released(tcp), *this),
      tls_(std::move(tls)) {}

std::string ClientSocket::peer() const {
  boost::asio::ip::tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (::getpeername(socket_.descriptor(), endpoint.data(), &size) != 0) return "";
  endpoint.resize(size);
  return endpoint.address().to_string();
}

std::size_t ClientSocket::read_some(boost::asio::mutable_buffer into, ErrorCode& error) {
  error = {};
  if (into.size() == 0) return 0;
  if (tls_) {
    ERR_clear_error();
    return outcome(SSL_read(tls_.get(), into.data(), at_most_int(into.size())), read_waits_for_,
                   error);
  }
  const ssize_t bytes = ::recv(socket_.descriptor(), into.data(), into.size(), MSG_DONTWAIT);
  if (bytes == 0) error = boost::asio::error::eof;
  if (bytes < 0) error = error_of_call();
  if (bytes > 0 ? static_cast<std::size_t>(bytes) < into.size()
                : error == boost::asio::error::would_block) {
    socket_.drained();
  }
  return static_cast<std::size_t>(std::max<ssize_t>(bytes, 0));
}

bool ClientSocket::holds_more() const {
  return tls_ != nullptr && SSL_pending(tls_.get()) > 0;
}

std::size_t ClientSocket::write_some(boost::asio::const_buffer from, ErrorCode& error) {
  error = {};
  if (from.size() == 0) return 0;
  if (tls_) {
    ERR_clear_error();
    return outcome(SSL_write(tls_.get(), from.data(), at_most_int(from.size())), write_waits_for_,
                   error);
  }
  const ssize_t bytes =
      ::send(socket_.descriptor(), from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (bytes < 0) error = error_of_call();
  return static_cast<std::size_t>(std::max<ssize_t>(bytes, 0));
}

void ClientSocket::want_read() {
  wants_read_ = true;
  wait_for(read_waits_for_);
}

void ClientSocket::want_write() {
  wants_write_ = true;
  wait_for(write_waits_for_);
}

void ClientSocket::wait_for(Readiness what) {
  if (what == Readiness::readable) return socket_.want_read();
  socket_.want_write();
}

// One thing is told, since the user may do away with this in the call. What is still waited for may
// be another by now, in TLS; to ask twice costs nothing.
void ClientSocket::ready(Readiness what) {
  const bool reads = wants_read_ && read_waits_for_ == what;
  const bool writes = !reads && wants_write_ && write_waits_for_ == what;
  if (reads) wants_read_ = false;
  if (writes) wants_write_ = false;
  if (wants_read_) wait_for(read_waits_for_);
  if (wants_write_) wait_for(write_waits_for_);
  if (reads) user_->on_readable();
  if (writes) user_->on_writable();
}

std::size_t ClientSocket::outcome(int bytes, Readiness& waits_for, ErrorCode& error) {
  error = {};
  if (bytes > 0) return static_cast<std::size_t>(bytes);
  const int reason = errno;
  switch (SSL_get_error(tls_.get(), bytes)) {
    case SSL_ERROR_WANT_READ:
      waits_for = Readiness::readable;
      socket_.drained();
      error = boost::asio::error::would_block;
      break;
    case SSL_ERROR_WANT_WRITE:
      waits_for = Readiness::writable;
      error = boost::asio::error::would_block;
      break;
    case SSL_ERROR_ZERO_RETURN:
      error = boost::asio::error::eof;
      break;
    case SSL_ERROR_SYSCALL:
      error.assign(reason != 0 ? reason : ECONNRESET, boost::system::system_category());
      break;
    default:
      error = boost::asio::error::connection_reset;
  }
  ERR_clear_error();
  return 0;
}

void ClientSocket::say_goodbye() {
  if (!tls_) return;
  SSL_shutdown(tls_.get());
  ERR_clear_error();
}

void ClientSocket::shutdown_send() {
  say_goodbye();
  ::shutdown(socket_.descriptor(), SHUT_WR);
}

}  // namespace responses_proxy
