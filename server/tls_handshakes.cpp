#include "server/tls_handshakes.h"

#include <openssl/err.h>

#include <utility>

#include "core/error_head.h"
#include "responses_proxy/error.h"
#include "server/answer_framing.h"

namespace responses_proxy {

using Tcp = ClientSocket::Tcp;
using ErrorCode = ClientSocket::ErrorCode;

namespace {

// In clear, since that is what the client speaks.
void tell_to_use_tls(Tcp& tcp, WallTime now) {
  const Error error =
      Error::invalid_request("tls_required", "This port speaks TLS: use https:// in the URL.");
  const std::string body = error.to_json();
  const std::string_view whole = body;
  std::string answer;
  AnswerFraming framing(error_head(error, body.size()), {.keep_alive = false}, now, &whole, answer);
  framing.body(body, answer);
  ErrorCode ignored;
  tcp.write_some(boost::asio::buffer(answer), ignored);
  tcp.shutdown(Tcp::shutdown_send, ignored);
}

bool speaks_http() {
  const unsigned long error = ERR_peek_error();
  return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
}

}  // namespace

TlsHandshakes::TlsHandshakes(const ListenerTls& tls, const HandshakeLimits& limits,
                             const Clock& clock, Done done)
    : tls_(tls), limits_(limits), clock_(clock), done_(std::move(done)) {}

void TlsHandshakes::start(Tcp socket) {
  ErrorCode blocks;
  socket.non_blocking(true, blocks);
  TlsSession session = tls_.accept(socket.native_handle());
  if (blocks || !session) return;  // the socket goes, and with it the connection
  if (pending_.size() >= limits_.most) drop(pending_.begin());
  pending_.push_back(std::make_shared<Handshake>(
      Handshake{std::move(socket), std::move(session), clock_.steady() + limits_.deadline}));
  wait(std::prev(pending_.end()), Tcp::wait_read);
}

void TlsHandshakes::wait(Pending::iterator at, Tcp::wait_type for_what) {
  (*at)->tcp.async_wait(for_what,
                        [self = shared_from_this(), at, handshake = *at](const ErrorCode& error) {
                          // One that was dropped has been closed, and `at` is nothing any more.
                          if (!error && handshake->tcp.is_open()) self->step(at);
                        });
}

void TlsHandshakes::step(Pending::iterator at) {
  SSL* const session = (*at)->tls.get();
  ERR_clear_error();
  const int result = SSL_do_handshake(session);
  switch (SSL_get_error(session, result)) {
    case SSL_ERROR_NONE:
      return finish(at);
    case SSL_ERROR_WANT_READ:
      return wait(at, Tcp::wait_read);
    case SSL_ERROR_WANT_WRITE:
      return wait(at, Tcp::wait_write);
    default:
      if (speaks_http()) tell_to_use_tls((*at)->tcp, clock_.wall());
      ERR_clear_error();
      drop(at);
  }
}

void TlsHandshakes::finish(Pending::iterator at) {
  const std::shared_ptr<Handshake> handshake = *at;
  pending_.erase(at);
  done_(std::move(handshake->tcp), std::move(handshake->tls));
}

void TlsHandshakes::drop(Pending::iterator at) {
  ErrorCode ignored;
  (*at)->tcp.close(ignored);
  pending_.erase(at);
}

void TlsHandshakes::check_deadlines(SteadyTime now) {
  while (!pending_.empty() && now >= pending_.front()->deadline) drop(pending_.begin());
}

void TlsHandshakes::close_all() {
  while (!pending_.empty()) drop(pending_.begin());
}

}  // namespace responses_proxy
