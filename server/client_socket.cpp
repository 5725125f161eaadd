#include "server/client_socket.h"

#include <openssl/err.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace responses_proxy {

namespace {

int at_most_int(std::size_t bytes) {
  return static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
}

}  // namespace

ClientSocket::ClientSocket(Tcp tcp, TlsSession tls) : tcp_(std::move(tcp)), tls_(std::move(tls)) {
  ErrorCode ignored;
  tcp_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  tcp_.non_blocking(true, ignored);
}

std::string ClientSocket::peer() const {
  ErrorCode unknown;
  const auto endpoint = tcp_.remote_endpoint(unknown);
  return unknown ? std::string() : endpoint.address().to_string();
}

std::size_t ClientSocket::read_some(boost::asio::mutable_buffer into, ErrorCode& error) {
  if (!tls_) return tcp_.read_some(boost::asio::buffer(into), error);
  if (into.size() == 0) return 0;
  ERR_clear_error();
  return outcome(SSL_read(tls_.get(), into.data(), at_most_int(into.size())), read_waits_for_,
                 error);
}

bool ClientSocket::holds_more() const {
  return tls_ != nullptr && SSL_pending(tls_.get()) > 0;
}

std::size_t ClientSocket::write_some(boost::asio::const_buffer from, ErrorCode& error) {
  if (!tls_) return tcp_.write_some(boost::asio::buffer(from), error);
  if (from.size() == 0) return 0;
  ERR_clear_error();
  return outcome(SSL_write(tls_.get(), from.data(), at_most_int(from.size())), write_waits_for_,
                 error);
}

std::size_t ClientSocket::outcome(int bytes, Tcp::wait_type& waits_for, ErrorCode& error) {
  error = {};
  if (bytes > 0) return static_cast<std::size_t>(bytes);
  const int reason = errno;
  switch (SSL_get_error(tls_.get(), bytes)) {
    case SSL_ERROR_WANT_READ:
      waits_for = Tcp::wait_read;
      error = boost::asio::error::would_block;
      break;
    case SSL_ERROR_WANT_WRITE:
      waits_for = Tcp::wait_write;
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
  ErrorCode ignored;
  tcp_.shutdown(Tcp::shutdown_send, ignored);
}

void ClientSocket::close() {
  ErrorCode ignored;
  tcp_.close(ignored);
}

}  // namespace responses_proxy
