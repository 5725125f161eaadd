#include "server/http_connection.h"

#include <boost/asio/post.hpp>
#include <cassert>
#include <utility>

#include "core/error_head.h"
#include "core/socket_read_buffer.h"
#include "server/web_socket_handshake.h"

namespace responses_proxy {

using boost::system::error_code;

namespace {

constexpr int kReadsAtOnce = 4;                   // then others have their turn
constexpr std::size_t kMaxPipelined = 64 * 1024;  // of the next requests, read ahead

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

HttpConnection::HttpConnection(std::unique_ptr<ClientSocket> socket, const HttpLimits& limits,
                               const BrowserGuard& guard, const Clock& clock,
                               ConnectionOwner& owner)
    : socket_(std::move(socket)),
      limits_(limits),
      guard_(guard),
      clock_(clock),
      owner_(owner),
      peer_(socket_->peer()) {
  socket_->serve(*this);
}

void HttpConnection::start() {
  next_request();
  read_more();
}

// ---- reading ----

bool HttpConnection::may_follow(Phase now, Phase next) {
  switch (next) {
    case Phase::idle:
      return now == Phase::idle || now == Phase::answering;
    case Phase::head:
      return now == Phase::idle;
    case Phase::body:
      return now == Phase::head;
    case Phase::answering:  // a request that is none is answered wherever that shows
      return now < Phase::lingering;
    case Phase::lingering:
      return now == Phase::answering;
    case Phase::closing:
      return now != Phase::closing;
  }
  return false;
}

void HttpConnection::go_to(Phase next) {
  assert(may_follow(phase_, next));
  phase_ = next;
}

void HttpConnection::next_request() {
  go_to(Phase::idle);
  head_reader_.emplace(limits_.max_head_bytes);
  body_reader_.reset();
  terms_ = {};
  browser_fields_ = {};
  answer_ = Answer::due;
  set_deadline(limits_.idle_timeout);
}

void HttpConnection::read_more() {
  if (reading_ || phase_ == Phase::closing || holds_enough()) return;
  reading_ = true;
  if (socket_->holds_more()) {
    boost::asio::post(socket_->context(), [self = shared_from_this()] { self->on_readable(); });
  } else {
    socket_->want_read();
  }
}

void HttpConnection::on_readable() {
  const auto self = shared_from_this();
  reading_ = false;
  if (phase_ == Phase::closing) return;
  for (int i = 0; i < kReadsAtOnce && read_once(); ++i) {
  }
  read_more();
}

// Whether there may be more at once. A body is read to where it stays, if nothing else stands in
// front of it.
bool HttpConnection::read_once() {
  std::span<char> into;
  if (phase_ == Phase::body && in_.size() == 0) into = body_reader_->room();
  const bool of_body = !into.empty();
  if (!of_body) into = socket_read_buffer();
  error_code error;
  const std::size_t bytes =
      socket_->read_some(boost::asio::buffer(into.data(), into.size()), error);
  if (error == boost::asio::error::would_block) return false;
  if (error) {
    client_gone();
    return false;
  }
  if (of_body) {
    body_reader_->filled(bytes);
    body_has_grown();
  } else {
    take_in({into.data(), bytes});
  }
  return bytes == into.size() && phase_ != Phase::closing && !holds_enough();
}

// Of the next requests, until this one is answered.
bool HttpConnection::holds_enough() const {
  return phase_ == Phase::answering && in_.size() >= kMaxPipelined;
}

void HttpConnection::take_in(std::string_view bytes) {
  arrived_ = bytes;
  if (in_.size() > 0 || phase_ == Phase::answering) keep_arrived();
  if (phase_ == Phase::lingering) {
    take(unread().size());
  } else if (phase_ != Phase::answering) {
    parse();
  }
  keep_arrived();
}

// The buffer it stands in is everybody's.
void HttpConnection::keep_arrived() {
  const std::string_view left = std::exchange(arrived_, {});
  if (!left.empty()) {
    in_.commit(boost::asio::buffer_copy(in_.prepare(left.size()),
                                        boost::asio::buffer(left.data(), left.size())));
  } else if (in_.size() == 0) {
    in_.shrink_to_fit();
  }
}

std::string_view HttpConnection::unread() const {
  if (in_.size() == 0) return arrived_;
  return {static_cast<const char*>(in_.data().data()), in_.size()};
}

void HttpConnection::take(std::size_t bytes) {
  if (in_.size() == 0) {
    arrived_.remove_prefix(bytes);
  } else {
    in_.consume(bytes);
  }
}

void HttpConnection::parse() {
  if (phase_ == Phase::body || read_head()) read_body();
}

// Whether the head is complete.
bool HttpConnection::read_head() {
  const auto used = head_reader_->read(unread());
  if (!used) {
    refuse(used.error());
    return false;
  }
  take(*used);
  // Empty lines between two requests begin none.
  if (phase_ == Phase::idle && (head_reader_->begun() || !unread().empty())) {
    go_to(Phase::head);
    set_deadline(limits_.head_timeout);
  }
  if (!head_reader_->done()) return false;
  request_head_ = head_reader_->take();
  browser_fields_ = guard_.answer_fields(request_head_.request);
  body_reader_.emplace(request_head_, limits_.max_body_bytes);
  go_to(Phase::body);
  return true;
}

void HttpConnection::read_body() {
  const auto used = body_reader_->read(unread());
  if (!used) {
    refuse(used.error());
    return;
  }
  take(*used);
  const bool asked = std::exchange(request_head_.expects_continue, false);
  body_has_grown();
  if (asked && *used == 0 && phase_ == Phase::body) send_continue();
}

void HttpConnection::body_has_grown() {
  if (body_reader_->done()) {
    dispatch();
  } else {
    set_deadline(limits_.body_timeout);
  }
}

// Nothing else is being sent between two answers. A client that does not hear it sends the body
// after a while; half of it must not stand before the answer, nor a record that TLS has begun.
void HttpConnection::send_continue() {
  error_code error;
  const std::size_t sent =
      socket_->write_some(boost::asio::buffer(kContinue.data(), kContinue.size()), error);
  if (sent != kContinue.size() && (sent != 0 || socket_->is_tls())) close();
}

void HttpConnection::dispatch() {
  keep_arrived();
  Request request = std::move(request_head_.request);
  request.body = body_reader_->take();
  request.peer = peer_;
  terms_ = {request_head_.keep_alive && !owner_.draining(), request_head_.http_1_0,
            request.method == "HEAD"};
  body_reader_.reset();
  go_to(Phase::answering);
  if (const auto refusal = guard_.refusal(request)) {
    refuse(*refusal);
  } else if (auto preflight = guard_.preflight(request)) {
    answer(std::move(*preflight), "");
  } else if (request.path == "*") {  // OPTIONS *
    answer({204, {{"allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}}, {}}, "");
  } else if (!terms_.http_1_0 && asks_for_socket(request) && owner_.accepts_socket(request)) {
    upgrade(std::move(request));
  } else {
    owner_.serve(std::move(request), shared_from_this());
  }
}

void HttpConnection::upgrade(Request handshake) {
  if (owner_.draining()) {
    refuse(Error::unavailable(503, "shutting_down", "The server is shutting down."));
  } else if (const auto problem = handshake_problem(handshake)) {
    refuse(*problem);
  } else if (reading_ || !unread().empty()) {
    // RFC 6455 section 4.1: nothing may follow before the answer, nor may the handshake be
    // pipelined.
    refuse(Error::invalid_request("malformed_handshake",
                                  "A WebSocket handshake must wait for the answers before it, and "
                                  "frames must wait for its own."));
  } else {
    go_to(Phase::closing);
    owner_.open_socket(std::move(socket_), std::move(handshake));
    owner_.on_connection_closed(*this);
  }
}

void HttpConnection::refuse(const Error& error) {
  const std::string body = error.to_json();
  terms_.keep_alive = false;
  go_to(Phase::answering);
  answer(error_head(error, body.size()), body);
}

void HttpConnection::answer(ResponseHead head, std::string_view body) {
  start(std::move(head));
  write(body);
  finish();
}

// ---- ending ----

void HttpConnection::client_gone() {
  ResponseObserver* observer = std::exchange(observer_, nullptr);
  close();
  if (observer != nullptr) observer->on_closed();
}

void HttpConnection::linger() {
  go_to(Phase::lingering);
  set_deadline(limits_.linger_timeout);
  socket_->shutdown_send();
  take(unread().size());
  read_more();
}

void HttpConnection::close() {
  if (phase_ == Phase::closing) return;
  go_to(Phase::closing);
  socket_->close();
  owner_.on_connection_closed(*this);
}

void HttpConnection::drain() {
  if (phase_ != Phase::idle) return;
  socket_->say_goodbye();
  close();
}

void HttpConnection::check_deadline(SteadyTime now) {
  if (now < deadline_) return;
  if (phase_ == Phase::answering) {
    if (waiting_to_write_) client_gone();
  } else {
    close();
  }
}

}  // namespace responses_proxy
