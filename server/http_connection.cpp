#include "server/http_connection.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <iterator>
#include <utility>

#include "core/error_head.h"
#include "server/web_socket_handshake.h"

namespace responses_proxy {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kWatchBytes = 2048;         // pending while an answer is under way
constexpr std::size_t kMaxPipelined = 64 * 1024;  // of the next requests, read ahead
constexpr std::size_t kKeptCapacity = 16 * 1024;  // of out_, between two writes

Error error_of(const error_code& error, const HttpLimits& limits) {
  if (error == http::error::body_limit) {
    return {413,
            "invalid_request_error",
            "body_too_large",
            fmt::format("The request body is too large; at most {} bytes are taken "
                        "(PROXY_MAX_BODY_BYTES).",
                        limits.max_body_bytes),
            "",
            {}};
  }
  if (error == http::error::header_limit) {
    return {431,
            "invalid_request_error",
            "head_too_large",
            fmt::format("The request line and headers are too large; at most {} bytes are taken.",
                        limits.max_head_bytes),
            "",
            {}};
  }
  return Error::invalid_request("malformed_request",
                                fmt::format("This is not an HTTP request: {}.", error.message()));
}

std::string_view reason_phrase(int status) {
  const auto text = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  return {text.data(), text.size()};
}

bool has_no_body(int status) {
  return status == 204 || status == 304;
}

}  // namespace

HttpConnection::HttpConnection(boost::asio::ip::tcp::socket socket, const HttpLimits& limits,
                               const Clock& clock, ConnectionOwner& owner)
    : socket_(std::move(socket)), limits_(limits), clock_(clock), owner_(owner) {
  error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  const auto endpoint = socket_.remote_endpoint(ignored);
  if (!ignored) peer_ = endpoint.address().to_string();
}

void HttpConnection::start() {
  next_request();
  read_more();
}

// ---- reading ----

void HttpConnection::next_request() {
  phase_ = Phase::idle;
  finished_ = false;
  parser_.emplace();
  parser_->header_limit(limits_.max_head_bytes);
  parser_->body_limit(limits_.max_body_bytes);
  parser_->eager(true);
  set_deadline(limits_.idle_timeout);
}

void HttpConnection::read_more() {
  if (reading_ || phase_ == Phase::closing) return;
  if (phase_ == Phase::answering && in_.size() >= kMaxPipelined) return;
  reading_ = true;
  if (in_.size() == 0) in_.shrink_to_fit();
  const std::size_t want = phase_ == Phase::answering ? kWatchBytes : kReadBytes;
  socket_.async_read_some(in_.prepare(want),
                          [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                            self->on_read(error, bytes);
                          });
}

void HttpConnection::on_read(const error_code& error, std::size_t bytes) {
  reading_ = false;
  if (phase_ == Phase::closing) return;
  if (error) {
    client_gone();
    return;
  }
  in_.commit(bytes);
  if (phase_ == Phase::lingering) {
    in_.consume(in_.size());
  } else if (phase_ != Phase::answering) {
    parse();
  }
  read_more();
}

void HttpConnection::parse() {
  if (phase_ == Phase::idle) {
    phase_ = Phase::head;
    set_deadline(limits_.head_timeout);
  }
  while (in_.size() > 0 && !parser_->is_done()) {
    error_code error;
    const std::size_t used = parser_->put(in_.data(), error);
    in_.consume(used);
    if (error == http::error::need_more) break;
    if (error) {
      refuse(error_of(error, limits_));
      return;
    }
    if (used == 0) break;
  }
  if (!parser_->is_header_done()) return;
  if (phase_ == Phase::head) {
    phase_ = Phase::body;
    if (!parser_->is_done() && continue_expected()) {
      error_code ignored;  // a client that does not hear it sends the body after a while
      socket_.write_some(boost::asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25), ignored);
    }
  }
  set_deadline(limits_.body_timeout);
  if (parser_->is_done()) dispatch();
}

bool HttpConnection::continue_expected() const {
  const auto expect = parser_->get()[http::field::expect];
  return equals_ignore_case({expect.data(), expect.size()}, "100-continue");
}

void HttpConnection::dispatch() {
  auto& message = parser_->get();
  Request request;
  const auto method = message.method_string();
  request.method.assign(method.data(), method.size());
  const auto raw_target = message.target();
  std::string_view target(raw_target.data(), raw_target.size());
  if (const auto scheme = target.find("://"); scheme < 8) {
    // absolute-form (RFC 9112 section 3.2.2)
    const auto slash = target.find('/', scheme + 3);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    request.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  request.peer = peer_;
  request.body = std::move(message.body());
  keep_alive_ = message.keep_alive() && !owner_.draining();
  http_1_0_ = message.version() == 10;
  head_request_ = request.method == "HEAD";
  parser_.reset();
  phase_ = Phase::answering;
  if (!http_1_0_ && asks_for_socket(request) && owner_.accepts_socket(request)) {
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
  } else if (reading_ || in_.size() > 0) {
    // RFC 6455 section 4.1: nothing may follow before the answer, nor may the handshake be
    // pipelined.
    refuse(Error::invalid_request("malformed_handshake",
                                  "A WebSocket handshake must wait for the answers before it, and "
                                  "frames must wait for its own."));
  } else {
    phase_ = Phase::closing;
    owner_.open_socket(std::move(socket_), std::move(handshake));
    owner_.on_connection_closed(*this);
  }
}

void HttpConnection::refuse(const Error& error) {
  const std::string body = error.to_json();
  keep_alive_ = false;
  http_1_0_ = false;
  head_request_ = false;
  phase_ = Phase::answering;
  ResponseHead head = error_head(error, body.size());
  if (error.status == 426) {
    head.headers.add("upgrade", "websocket");
    head.headers.add("sec-websocket-version", "13");
  }
  start(std::move(head));
  write(body);
  finish();
}

// ---- answering ----

void HttpConnection::start(ResponseHead head) {
  head_ = std::move(head);
  flush_soon();  // unless a write or finish comes along in the same turn
}

bool HttpConnection::write(std::string_view bytes) {
  if (phase_ != Phase::answering || bytes.empty()) return true;
  if (head_) {
    // Still in the turn of start(): the whole answer may follow, so that one write does for all.
    out_.append(bytes);
    if (out_.size() > kHighWater) flush();
  } else if (!head_request_) {
    if (chunked_) fmt::format_to(std::back_inserter(out_), "{:x}\r\n", bytes.size());
    out_.append(bytes);
    if (chunked_) out_.append("\r\n");
    flush();
  }
  told_to_wait_ = out_.size() - out_sent_ > kHighWater;
  return !told_to_wait_;
}

void HttpConnection::finish() {
  if (phase_ != Phase::answering) return;
  observer_ = nullptr;
  finished_ = true;
  if (head_) {
    send_head(true);
  } else if (chunked_) {
    out_.append("0\r\n\r\n");
  }
  flush();
}

void HttpConnection::abort() {
  observer_ = nullptr;
  close();
}

// Turns what is in out_ (body bytes so far) into head + framed body bytes.
void HttpConnection::send_head(bool whole_body_known) {
  const ResponseHead head = std::move(*std::exchange(head_, std::nullopt));
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", head.status, reason_phrase(head.status));
  for (const Header& field : head.headers) {
    text.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  std::optional<std::uint64_t> length = head.content_length;
  if (!length && whole_body_known) length = out_.size();
  chunked_ = false;
  if (length && !has_no_body(head.status)) {
    fmt::format_to(std::back_inserter(text), "content-length: {}\r\n", *length);
  } else if (!length && !http_1_0_) {
    chunked_ = true;
    text.append("transfer-encoding: chunked\r\n");
  } else if (!length) {
    keep_alive_ = false;  // HTTP/1.0: the end of the connection is the end of the body
  }
  keep_alive_ = keep_alive_ && !owner_.draining();
  if (!keep_alive_) text.append("connection: close\r\n");
  if (keep_alive_ && http_1_0_) text.append("connection: keep-alive\r\n");
  text.append("\r\n");
  if (head_request_ || has_no_body(head.status)) {
    out_.clear();
    chunked_ = false;
  } else if (chunked_ && !out_.empty()) {
    text.append(fmt::format("{:x}\r\n", out_.size())).append(out_).append("\r\n");
    out_.clear();
  }
  out_.insert(0, text);
  if (chunked_ && finished_) out_.append("0\r\n\r\n");
}

void HttpConnection::flush_soon() {
  if (std::exchange(flush_posted_, true)) return;
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    if (self->phase_ == Phase::answering) self->flush();
  });
}

void HttpConnection::flush() {
  if (waiting_to_write_) return;
  if (head_) send_head(false);
  while (out_sent_ < out_.size()) {
    error_code error;
    out_sent_ += socket_.write_some(
        boost::asio::buffer(out_.data() + out_sent_, out_.size() - out_sent_), error);
    if (error == boost::asio::error::would_block) {
      wait_until_writable();
      return;
    }
    if (error) {
      // Not from inside a call of the exchange.
      boost::asio::post(socket_.get_executor(),
                        [self = shared_from_this()] { self->client_gone(); });
      break;
    }
  }
  out_.clear();
  out_sent_ = 0;
  if (out_.capacity() > kKeptCapacity) out_.shrink_to_fit();
  if (finished_) answer_sent();
}

void HttpConnection::wait_until_writable() {
  waiting_to_write_ = true;
  set_deadline(limits_.write_timeout);
  socket_.async_wait(boost::asio::ip::tcp::socket::wait_write, [self = shared_from_this()](
                                                                   const error_code& error) {
    self->waiting_to_write_ = false;
    if (error || self->phase_ != Phase::answering) return;
    self->flush();
    if (self->waiting_to_write_) return;
    if (std::exchange(self->told_to_wait_, false) && self->observer_ != nullptr) {
      self->observer_->on_writable();
    }
  });
}

void HttpConnection::answer_sent() {
  if (!keep_alive_) {
    linger();
    return;
  }
  next_request();
  // Not from here: a pipelined request must not nest in the answer of the one before.
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->phase_ == Phase::idle && self->in_.size() > 0) self->parse();
    self->read_more();
  });
}

// ---- ending ----

void HttpConnection::client_gone() {
  ResponseObserver* observer = std::exchange(observer_, nullptr);
  close();
  if (observer != nullptr) observer->on_closed();
}

void HttpConnection::linger() {
  phase_ = Phase::lingering;
  set_deadline(limits_.linger_timeout);
  error_code ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  in_.consume(in_.size());
  read_more();
}

void HttpConnection::close() {
  if (phase_ == Phase::closing) return;
  phase_ = Phase::closing;
  error_code ignored;
  socket_.close(ignored);
  owner_.on_connection_closed(*this);
}

void HttpConnection::drain() {
  if (phase_ == Phase::idle) close();
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
