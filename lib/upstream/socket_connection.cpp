#include "upstream/socket_connection.h"

#include <cassert>
#include <utility>

#include "core/socket_read_buffer.h"
#include "responses_proxy/upstream_trust.h"
#include "responses_proxy/web_socket.h"
#include "upstream/connect_failure.h"
#include "web_socket/handshake.h"

namespace responses_proxy {

namespace {

// Silence is counted in halves of ping_after.
constexpr int kTicksToPing = 2;
constexpr int kTicksToGone = 4;
// Of one socket, then the others of the loop have their turn.
constexpr int kReadsAtOnce = 4;
constexpr int kWritesAtOnce = 4;

UpstreamSocketOptions with_trust(UpstreamSocketOptions options) {
  if (!options.trust) options.trust = std::make_shared<UpstreamTrust>();
  return options;
}

}  // namespace

SocketTools::SocketTools(EventLoop& loop_of_sockets, const Clock& clock,
                         UpstreamSocketOptions socket_options)
    : loop(loop_of_sockets),
      options(with_trust(std::move(socket_options))),
      tls(options.trust),
      names(clock, system_look_up(loop)),
      dial{loop, clock, names, tls, options.allow_private} {
  // Makes what sockets need: once no descriptor is left, it could not be made.
  const NativeConnection::Socket first(loop.context());
  SocketPoller::of(loop.context());
}

SocketConnection::SocketConnection(std::shared_ptr<SocketTools> tools,
                                   UpstreamSocketRequest request, UpstreamSocketHandler& handler)
    : tools_(std::move(tools)),
      handler_(&handler),
      opening_(std::make_unique<Opening>(Opening{std::move(request), nullptr, nullptr})),
      reader_({.masked = false,
               .compressed = false,
               .max_message_bytes = UpstreamSocket::kMaxMessageBytes}),
      writer_({.make_key = &random_mask_key}) {}

// Forward only.
void SocketConnection::go_to(State next) {
  assert(next > state_);
  state_ = next;
}

// ---- opening ----

void SocketConnection::start() {
  const Millis timeout = opening_->request.connect_timeout;
  arm(timeout);
  UpstreamRequest destination;
  destination.url = opening_->request.url;
  auto origin = tools_->origins.find(destination);
  if (!origin) {
    tools_->loop.post([self = shared_from_this()] {
      self->fail_connect(UpstreamError::connect, "its URL is none");
    });
    return;
  }
  opening_->dial = std::make_shared<Dial>(tools_->dial, std::move(origin), timeout);
  opening_->dial->start(
      [self = shared_from_this()](Dial::Outcome outcome) { self->on_dialled(std::move(outcome)); });
}

void SocketConnection::on_dialled(Dial::Outcome outcome) {
  if (state_ != State::connecting) return;
  if (!outcome.connection) return fail_connect(outcome.error, outcome.reason);
  connection_ = std::move(outcome.connection);
  connection_->serve(*this);
  const UpstreamSocketRequest& request = opening_->request;
  opening_->handshake = std::make_unique<SocketOpening>(connection_->origin().target,
                                                        path_of(request.url), request.headers);
  if (opening_->handshake->request().empty()) {
    return fail_open(UpstreamError::protocol, "a header that cannot be sent");
  }
  opening_->out.raw(opening_->handshake->request());
  write();
  if (connection_) connection_->want_read();
}

void SocketConnection::read_answer(std::span<char> bytes) {
  SocketOpening& handshake = *opening_->handshake;
  std::string_view left(bytes.data(), bytes.size());
  switch (handshake.take(left)) {
    case SocketOpening::Found::more:
      return;
    case SocketOpening::Found::open:
      return on_opened(bytes.last(left.size()));
    case SocketOpening::Found::refused:
    case SocketOpening::Found::failed:
      return end_open(UpstreamSocketOpen(std::move(handshake.result())));
  }
}

void SocketConnection::on_opened(std::span<char> frames) {
  const auto opening = std::exchange(opening_, nullptr);
  go_to(State::open);
  const UpstreamSocketOptions& options = tools_->options;
  arm(close_requested_ ? options.close_wait : options.ping_after / kTicksToPing);
  handler_->on_open(opening->handshake->result());
  write();
  take(frames);
}

void SocketConnection::fail_connect(UpstreamError error, std::string_view reason) {
  if (state_ != State::connecting) return;
  ConnectFailure failure = connect_failure(error, opening_->request.url, reason);
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

// ---- reading ----

// While the handler is paused, no more than the beginning of one message.
bool SocketConnection::wants_bytes() const {
  if (state_ == State::ended || held_) return false;
  return state_ != State::open || !paused_ || !reader_.is_inside();
}

void SocketConnection::on_readable(NativeConnection&) {
  const auto self = shared_from_this();
  write();  // TLS may have waited for this
  for (int i = 0; i < kReadsAtOnce; ++i) {
    if (!wants_bytes() || !read_once()) return;
  }
  read_on();
}

// Whether there may be more at once: what TLS has taken off the socket is not announced again.
bool SocketConnection::read_once() {
  const std::span<char> buffer = socket_read_buffer();
  const WireResult result = connection_->read(buffer);
  switch (result.state) {
    case WireState::done:
      silent_ticks_ = 0;
      take(buffer.first(result.bytes));
      if (!result.more && connection_ && wants_bytes()) connection_->want_read();
      return result.more && connection_;
    case WireState::wants_read:
      connection_->want_read();
      return false;
    case WireState::wants_write:
      connection_->want_write();
      return false;
    case WireState::ended:
    case WireState::failed:
      lose(result.state == WireState::ended);
      return false;
  }
  return false;
}

void SocketConnection::resume() {
  paused_ = false;
  if (state_ == State::open) read_on();
}

// Not at once: whoever has called may be inside a callback.
void SocketConnection::read_on() {
  if (std::exchange(going_on_, true)) return;
  tools_->loop.post([self = shared_from_this()] {
    self->going_on_ = false;
    self->go_on();
  });
}

void SocketConnection::go_on() {
  if (held_ && !paused_) {
    const auto held = std::move(held_);
    deliver(held->text);
    take(held->bytes);
  }
  if (connection_ && wants_bytes()) on_readable(*connection_);
}

void SocketConnection::take(std::span<char> bytes) {
  if (opening_) return read_answer(bytes);
  while (state_ != State::ended && !broken_) {
    const FrameReader::Found found = reader_.next(bytes);
    if (found == FrameReader::Found::more) return;
    if (found == FrameReader::Found::text && paused_ && state_ == State::open) {
      held_ = std::make_unique<Held>(Held{reader_.take_text(), {bytes.begin(), bytes.end()}});
      return;
    }
    on_found(found);
  }
}

void SocketConnection::on_found(FrameReader::Found found) {
  switch (found) {
    case FrameReader::Found::text:
      return deliver(reader_.payload());
    case FrameReader::Found::binary:
      return start_closing(close_code::kUnsupportedData, "a binary message");
    case FrameReader::Found::ping:
      if (state_ != State::open) return;
      writer_.pong(reader_.payload());
      return write();
    case FrameReader::Found::close:
      return on_peer_close();
    case FrameReader::Found::broken:
      return on_broken();
    case FrameReader::Found::pong:
    case FrameReader::Found::more:
      return;
  }
}

void SocketConnection::deliver(std::string_view text) {
  if (handler_ != nullptr && !close_requested_ && state_ == State::open) {
    handler_->on_message(text);
  }
}

void SocketConnection::on_peer_close() {
  const std::uint16_t code = reader_.close_code();
  const std::string reason(reader_.close_reason());
  if (state_ == State::open) {
    writer_.drop_unsent();
    writer_.close(code == FrameReader::kNoCode ? close_code::kNormal : code);
    write();
  }
  if (close_code_ != 0) return on_goodbye();
  finish(code, reason);
}

// What follows is passed over until the peer has taken our reason and ends the connection.
void SocketConnection::on_broken() {
  broken_ = true;
  if (state_ != State::open) return on_goodbye();
  writer_.drop_unsent();
  start_closing(reader_.close_code(), reader_.close_reason());
}

void SocketConnection::lose(bool orderly) {
  if (state_ == State::closing) return on_goodbye();
  if (state_ == State::open) return finish(close_code::kAbnormal, "the connection has ended");
  if (opening_->handshake->lose(orderly) == SocketOpening::Found::more) return;
  end_open(UpstreamSocketOpen(std::move(opening_->handshake->result())));
}

// ---- writing ----

void SocketConnection::send(std::string text) {
  if (state_ == State::closing || state_ == State::ended || close_requested_) return;
  if (writer_.unsent_bytes() + text.size() > UpstreamSocket::kMaxQueuedBytes) {
    close_requested_ = true;  // takes nothing more
    return finish_later(close_code::kAbnormal, "too much waits to be sent");
  }
  writer_.text(std::move(text));
  write();
}

// As much as goes at once; the rest when the connection takes it.
void SocketConnection::write() {
  if (!connection_ || blocked_) return;
  FrameWriter& writer = opening_ ? opening_->out : writer_;
  for (int i = 0; i < kWritesAtOnce; ++i) {
    if (writer.empty()) break;
    const std::string_view bytes = writer.next();
    const iovec part{const_cast<char*>(bytes.data()), bytes.size()};  // writing does not change it
    const WireResult result = connection_->wire().write({&part, 1});
    switch (result.state) {
      case WireState::done:
        writer.sent(result.bytes);
        break;
      case WireState::wants_read:
        return connection_->want_read();
      case WireState::wants_write:
        blocked_ = true;
        return connection_->want_write();
      case WireState::ended:
      case WireState::failed:
        blocked_ = true;
        return finish_later(close_code::kAbnormal, "the connection was lost");
    }
  }
  if (!writer.empty()) {
    blocked_ = true;
    connection_->want_write();
  } else if (close_requested_ && state_ == State::open) {
    start_closing(0, "");
  }
}

void SocketConnection::on_writable(NativeConnection& connection) {
  blocked_ = false;
  on_readable(connection);
}

// ---- ending ----

void SocketConnection::close() {
  if (std::exchange(close_requested_, true)) return;
  if (state_ == State::open) arm(tools_->options.close_wait);
  write();
}

void SocketConnection::abandon() {
  handler_ = nullptr;
  shut();
}

// `code`: why we close it; 0 = we were asked to.
void SocketConnection::start_closing(std::uint16_t code, std::string_view reason) {
  if (state_ != State::open) return;
  go_to(State::closing);
  close_code_ = code;
  close_reason_ = reason;
  arm(tools_->options.close_wait);
  writer_.close(code == 0 ? close_code::kNormal : code);
  write();
  paused_ = false;  // nothing is delivered any more
  read_on();
}

// The peer has answered our close frame, or never will.
void SocketConnection::on_goodbye() {
  finish(close_code_ != 0 ? close_code_ : close_code::kAbnormal, close_reason_);
}

void SocketConnection::finish(std::uint16_t code, const std::string& reason) {
  if (state_ == State::ended) return;
  if (state_ == State::connecting) return fail_open(UpstreamError::closed, reason);
  shut();
  std::exchange(handler_, nullptr)->on_close(code, reason);
}

void SocketConnection::finish_later(std::uint16_t code, std::string reason) {
  tools_->loop.post([self = shared_from_this(), code, reason = std::move(reason)] {
    if (self->connection_) self->on_readable(*self->connection_);  // the peer may have said why
    if (self->state_ == State::closing) return self->on_goodbye();
    self->finish(code, reason);
  });
}

void SocketConnection::arm(Millis after) {
  timer_ = tools_->loop.timers().after(after, [weak = weak_from_this()] {
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
  // Next to nothing is read while paused, so nothing may be heard.
  if (paused_) silent_ticks_ = 0;
  if (++silent_ticks_ > kTicksToGone) return finish(close_code::kAbnormal, "the peer is silent");
  if (silent_ticks_ > kTicksToPing && writer_.empty()) {
    writer_.ping();
    write();
  }
  if (state_ == State::open) arm(tools_->options.ping_after / kTicksToPing);
}

void SocketConnection::shut() {
  if (state_ != State::ended) go_to(State::ended);
  if (opening_ && opening_->dial) opening_->dial->cancel();
  if (connection_) std::exchange(connection_, nullptr)->close();
  timer_.reset();
}

}  // namespace responses_proxy
