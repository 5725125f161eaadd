#include "upstream/socket_connection.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/error.hpp>
#include <cassert>
#include <utility>

#include "core/content_encoding.h"
#include "core/private_address.h"
#include "responses_proxy/web_socket.h"
#include "upstream/connect_failure.h"

namespace responses_proxy {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

namespace {

constexpr std::size_t kKeptCapacity = 8 * 1024;  // a larger read buffer is given back when idle
constexpr std::uint16_t kNoCode = 1005;          // the peer's close frame was empty
// Silence is counted in halves of ping_after.
constexpr int kTicksToPing = 2;
constexpr int kTicksToGone = 4;

bool is_loss(const boost::system::error_code& error) {
  return error == asio::error::eof || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == asio::ssl::error::stream_truncated ||
         error == http::error::end_of_stream || error == http::error::partial_message;
}

// Nobody asked for a coding. One that cannot be taken off stays: the status says enough.
void take_coding_off(UpstreamSocketOpen& refusal) {
  const auto coding = refusal.headers.find("content-encoding");
  if (!coding) return;
  auto decoded = decode_content(*coding, refusal.body, UpstreamSocket::kMaxRefusalBytes);
  if (!decoded) return;
  refusal.body = std::move(*decoded);
  refusal.headers.erase("content-encoding");
  refusal.headers.erase("content-length");
}

std::uint16_t close_code_for(const boost::system::error_code& error) {
  if (error == websocket::error::message_too_big) return close_code::kTooBig;
  if (error == websocket::error::bad_frame_payload) return close_code::kInvalidText;
  if (error == websocket::condition::protocol_violation) return close_code::kProtocolError;
  return close_code::kAbnormal;
}

}  // namespace

SocketConnection::SocketConnection(EventLoop& loop, SocketTarget target,
                                   UpstreamSocketRequest request,
                                   const UpstreamSocketOptions& options,
                                   UpstreamSocketHandler& handler)
    : loop_(loop),
      target_(std::move(target)),
      request_(std::move(request)),
      options_(options),
      handler_(&handler),
      resolver_(loop.context()) {}

// Forward only.
void SocketConnection::go_to(State next) {
  assert(next > state_);
  state_ = next;
}

void SocketConnection::start() {
  arm(request_.connect_timeout);
  resolver_.async_resolve(
      target_.host, target_.port,
      [self = shared_from_this()](const ErrorCode& error, const auto& addresses) {
        if (error) {
          return self->fail_connect(UpstreamError::connect_name_not_found, error.message());
        }
        self->connect(addresses);
      });
}

void SocketConnection::connect(const tcp::resolver::results_type& addresses) {
  if (state_ != State::connecting) return;
  Walk::Addresses endpoints;
  for (const auto& address : addresses) {
    const bool allowed =
        options_.allow_private || !is_private_address(address.endpoint().address());
    if (allowed) endpoints.push_back(address.endpoint());
  }
  if (endpoints.empty()) return fail_connect(UpstreamError::connect, kPrivateAddress);
  walk_ =
      std::make_shared<Walk>(tcp(), std::move(endpoints), request_.connect_timeout, loop_.timers());
  walk_->start([self = shared_from_this()](const ErrorCode& error) {
    if (error) return self->fail_connect(error_of_errno(error.value()), error.message());
    self->secure();
  });
}

void SocketConnection::on_secured(const ErrorCode& error, std::string_view objection) {
  if (error && !objection.empty()) {
    return fail_connect(UpstreamError::connect_certificate, objection);
  }
  if (error) return fail_connect(UpstreamError::connect_tls, error.message());
  if (state_ == State::connecting) shake_hands();
}

void SocketConnection::on_handshake(const ErrorCode& error,
                                    const websocket::response_type& response) {
  if (state_ != State::connecting) return;
  const bool refused = error == websocket::error::upgrade_declined;
  if (error && !refused) {
    const bool lost = is_loss(error);
    return fail_open(lost ? UpstreamError::closed : UpstreamError::protocol,
                     lost ? "" : error.message());
  }
  UpstreamSocketOpen result;
  result.status = static_cast<int>(response.result_int());
  for (const auto& field : response) {
    result.headers.add(field.name_string(), field.value());
  }
  if (refused) {
    result.body = response.body();
    take_coding_off(result);
    result.body.resize(std::min(result.body.size(), UpstreamSocket::kMaxRefusalBytes));
    return end_open(result);
  }
  request_ = {};
  go_to(State::open);
  arm(close_requested_ ? options_.close_wait : options_.ping_after / kTicksToPing);
  handler_->on_open(result);
  read_next();
  write_next();
}

void SocketConnection::fail_connect(UpstreamError error, std::string_view reason) {
  if (state_ != State::connecting) return;
  ConnectFailure failure = connect_failure(error, request_.url, reason);
  fail_open(failure.error, std::move(failure.detail));
}

void SocketConnection::fail_open(UpstreamError error, std::string detail) {
  if (state_ != State::connecting) return;
  UpstreamSocketOpen result;
  result.error = error;
  result.detail = std::move(detail);
  end_open(result);
}

void SocketConnection::end_open(const UpstreamSocketOpen& result) {
  shut();
  std::exchange(handler_, nullptr)->on_open(result);
}

void SocketConnection::send(std::string text) {
  if (state_ == State::closing || state_ == State::ended || close_requested_) return;
  if (queued_bytes_ + text.size() > UpstreamSocket::kMaxQueuedBytes) {
    close_requested_ = true;  // takes nothing more
    loop_.post([self = shared_from_this()] {
      const char* const why = "too much waits to be sent";
      self->fail_open(UpstreamError::closed, why);
      self->finish(close_code::kAbnormal, why);
    });
    return;
  }
  queued_bytes_ += text.size();
  queue_.push_back(std::move(text));
  write_next();
}

void SocketConnection::resume() {
  paused_ = false;
  if (reading_ != Reading::held) return;
  reading_ = Reading::under_way;
  loop_.post([self = shared_from_this()] { self->take(); });
}

void SocketConnection::close() {
  if (std::exchange(close_requested_, true)) return;
  if (state_ == State::open) arm(options_.close_wait);
  write_next();
}

void SocketConnection::abandon() {
  handler_ = nullptr;
  shut();
}

void SocketConnection::read_next() {
  if (state_ != State::open) return;
  reading_ = Reading::under_way;
  read(buffer_);
}

void SocketConnection::on_read(const ErrorCode& error) {
  if (state_ == State::ended) return;
  if (!error) {
    on_heard();
    return take();
  }
  reading_ = Reading::nothing;
  // What on_goodbye or on_peer_close will report has taken the stream from this read.
  if (error == asio::error::operation_aborted || error == websocket::error::closed) return;
  finish(close_code_for(error), error.message());
}

void SocketConnection::take() {
  if (state_ == State::ended) return;
  if (paused_) {
    reading_ = Reading::held;
    return;
  }
  if (message_is_binary()) {
    reading_ = Reading::nothing;
    return start_closing(close_code::kUnsupportedData);
  }
  if (message_done()) {
    const auto bytes = buffer_.cdata();
    if (!close_requested_) {
      handler_->on_message({static_cast<const char*>(bytes.data()), bytes.size()});
    }
    buffer_.clear();
    if (buffer_.capacity() > kKeptCapacity) buffer_.shrink_to_fit();
  }
  reading_ = Reading::nothing;
  read_next();
}

void SocketConnection::write_next() {
  if (state_ != State::open || writing_) return;
  if (!queue_.empty()) {
    writing_ = true;
    write(queue_.front());
  } else if (close_requested_) {
    start_closing(0);
  }
}

void SocketConnection::on_written(const ErrorCode& error) {
  writing_ = false;
  if (state_ == State::ended) return;
  // Whatever has taken the stream from this write reports the end.
  if (error == asio::error::operation_aborted &&
      (reading_ != Reading::nothing || state_ == State::closing))
    return;
  if (error) return finish(close_code::kAbnormal, error.message());
  queued_bytes_ -= queue_.front().size();
  queue_.pop_front();
  write_next();
}

void SocketConnection::on_ping_sent(const ErrorCode& error) {
  pinging_ = false;
  if (error && error != asio::error::operation_aborted) {
    finish(close_code::kAbnormal, error.message());
  }
}

void SocketConnection::start_closing(std::uint16_t code) {
  if (state_ != State::open) return;
  go_to(State::closing);
  close_code_ = code;
  arm(options_.close_wait);
  say_goodbye(code == 0 ? close_code::kNormal : code);
}

void SocketConnection::on_goodbye() {
  if (close_code_ != 0) return finish(close_code_, "");
  finish_as_peer(close_code::kAbnormal);
}

// Not at once: Beast is about to answer the close frame.
void SocketConnection::on_peer_close() {
  loop_.post([self = shared_from_this()] { self->finish_as_peer(kNoCode); });
}

void SocketConnection::finish_as_peer(std::uint16_t code_if_none) {
  const websocket::close_reason peer = peer_reason();
  const bool has_code = peer.code != websocket::close_code::none;
  finish(has_code ? peer.code : code_if_none, std::string(peer.reason.data(), peer.reason.size()));
}

void SocketConnection::finish(std::uint16_t code, const std::string& reason) {
  if (state_ == State::ended) return;
  shut();
  std::exchange(handler_, nullptr)->on_close(code, reason);
}

void SocketConnection::arm(Millis after) {
  timer_ = loop_.timers().after(after, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_timer();
  });
}

void SocketConnection::on_timer() {
  switch (state_) {
    case State::connecting:
      return fail_connect(UpstreamError::connect_timeout, "no handshake");
    case State::open:
      if (close_requested_) return finish(close_code::kAbnormal, "not all could be sent in time");
      return tick();
    case State::closing:
      return on_goodbye();
    case State::ended:
      return;
  }
}

void SocketConnection::tick() {
  // Beast has failed the connection, and waits for the peer to end it.
  if (!is_open()) return finish(close_code::kProtocolError, "");
  // Next to nothing is read while paused, so nothing may be heard.
  if (paused_) silent_ticks_ = 0;
  if (++silent_ticks_ > kTicksToGone) return finish(close_code::kAbnormal, "the peer is silent");
  if (silent_ticks_ > kTicksToPing && !std::exchange(pinging_, true)) ping();
  arm(options_.ping_after / kTicksToPing);
}

void SocketConnection::shut() {
  if (state_ != State::ended) go_to(State::ended);
  resolver_.cancel();
  if (walk_) std::exchange(walk_, nullptr)->cancel();
  timer_.reset();
  ErrorCode ignored;
  tcp().close(ignored);
}

}  // namespace responses_proxy
