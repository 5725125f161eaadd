#include "server/web_socket_connection.h"

#include <boost/asio/post.hpp>
#include <cassert>
#include <optional>
#include <string>
#include <utility>

#include "core/socket_read_buffer.h"
#include "server/compression_offer.h"
#include "web_socket/frame_reader.h"
#include "web_socket/frame_writer.h"
#include "web_socket/handshake.h"

namespace responses_proxy {

using boost::system::error_code;

namespace {

constexpr std::size_t kLowWater = 16 * 1024;
// Of one socket, then the others of the loop have their turn.
constexpr int kReadsAtOnce = 4;
constexpr int kWritesAtOnce = 4;

std::string handshake_answer(const Request& handshake,
                             const std::optional<std::string>& compression) {
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      socket_accept(handshake.headers.get("sec-websocket-key")) + "\r\n";
  if (compression) answer.append("Sec-WebSocket-Extensions: ").append(*compression).append("\r\n");
  return answer.append("Server: rp-server\r\n\r\n");
}

class FramedConnection final : public WebSocketConnection,
                               public SocketWriter,
                               private ClientSocket::User,
                               public std::enable_shared_from_this<FramedConnection> {
 public:
  FramedConnection(std::unique_ptr<ClientSocket> socket, Request handshake,
                   const std::optional<std::string>& compression, const SocketLimits& limits,
                   const Clock& clock, SocketOwner& owner)
      : socket_(std::move(socket)),
        limits_(limits),
        clock_(clock),
        owner_(owner),
        handshake_(std::make_unique<Request>(std::move(handshake))),
        reader_({.masked = true,
                 .compressed = compression.has_value(),
                 .max_message_bytes = limits.max_message_bytes}),
        writer_({.compressed = compression.has_value()}) {
    socket_->serve(*this);
    writer_.raw(handshake_answer(*handshake_, compression));
  }

  void start() override;
  void check_deadline(SteadyTime now) override;
  void drain() override;
  void abandon() override { session_.reset(); }

  bool send(std::string_view text) override;
  std::size_t unsent_bytes() const override { return writer_.unsent_bytes(); }
  void on_idle() override;
  void on_message_read() override;

 private:
  // leaving: both close frames are out, or the client's will not come; its half of the connection
  // is waited for.
  enum class Phase : std::uint8_t { opening, open, closing, leaving, closed };

  void on_opened();
  void go_to(Phase next) {
    assert(next > phase_);  // in their order, some are passed over
    phase_ = next;
  }
  bool holds_back() const { return phase_ == Phase::open && (told_to_wait_ || session_reads_); }
  void wait_to_read();
  void on_readable() override;
  void on_writable() override;
  void read_some();
  bool read_once();
  void read_on();
  void take(std::span<char> bytes);
  void on_found(FrameReader::Found found);
  void on_text();
  void on_close_frame(std::uint16_t echo);
  void heard();
  void write();
  void wait_to_write();
  void on_drained();
  void call_session_back();
  void check_open(SteadyTime now);
  void close(std::uint16_t code, std::string_view reason);
  void begin_closing();
  void leave();
  void end_session();
  void destroy();
  void destroy_later();

  std::unique_ptr<ClientSocket> socket_;
  const SocketLimits& limits_;
  const Clock& clock_;
  SocketOwner& owner_;
  std::unique_ptr<Request> handshake_;  // until it is answered
  std::shared_ptr<SocketSession> session_;

  Phase phase_ = Phase::opening;
  SteadyTime opened_;
  SteadyTime heard_;                          // the last byte from the client
  SteadyTime busy_;                           // the last time a turn was seen
  SteadyTime deadline_;                       // of opening and closing
  std::optional<SteadyTime> write_deadline_;  // of what was offered, while it is not taken

  FrameReader reader_;
  std::string held_;  // read behind a message that has stopped the reading
  bool reading_ = false;
  bool session_reads_ = false;   // the last message; until then nothing else is read
  bool ping_sent_ = false;       // since the client was last heard
  bool close_received_ = false;  // or nothing can be read any more

  FrameWriter writer_;
  bool writing_ = false;
  bool told_to_wait_ = false;
};

// ---- opening ----

void FramedConnection::start() {
  deadline_ = clock_.steady() + limits_.write_timeout;
  boost::asio::post(socket_->context(), [self = shared_from_this()] { self->write(); });
}

void FramedConnection::on_opened() {
  go_to(Phase::open);
  opened_ = busy_ = clock_.steady();
  heard();
  session_ = owner_.open_session(std::move(*handshake_), shared_from_this());
  handshake_.reset();
  if (owner_.draining()) drain();
  wait_to_read();
}

// ---- reading ----

void FramedConnection::wait_to_read() {
  if (reading_ || holds_back() || phase_ == Phase::closed) return;
  reading_ = true;
  socket_->want_read();
}

void FramedConnection::on_readable() {
  const auto self = shared_from_this();
  reading_ = false;
  read_some();
}

// An error shows again when it is read.
void FramedConnection::read_some() {
  for (int i = 0; i < kReadsAtOnce; ++i) {
    if (holds_back() || phase_ == Phase::closed) return;
    if (!read_once()) return wait_to_read();
  }
  read_on();
}

// Whether there may be more at once: what TLS has taken off the socket is not announced again.
bool FramedConnection::read_once() {
  const std::span<char> buffer = socket_read_buffer();
  const auto into = boost::asio::buffer(buffer.data(), buffer.size());
  error_code error;
  const std::size_t bytes = socket_->read_some(into, error);
  if (error == boost::asio::error::would_block) return false;
  if (error) {
    destroy();
    return false;
  }
  heard();
  take(buffer.first(bytes));  // if it still matters
  return socket_->is_tls() || bytes == buffer.size();
}

// With what is held, and may have come: not inside the call that allows it.
void FramedConnection::read_on() {
  if (std::exchange(reading_, true)) return;
  boost::asio::post(socket_->context(), [self = shared_from_this()] {
    self->reading_ = false;
    std::string held = std::exchange(self->held_, {});
    self->take(held);
    self->read_some();
  });
}

void FramedConnection::take(std::span<char> bytes) {
  while (phase_ == Phase::open || phase_ == Phase::closing) {
    if (holds_back()) {
      held_.assign(bytes.data(), bytes.size());
      return;
    }
    const FrameReader::Found found = reader_.next(bytes);
    if (found == FrameReader::Found::more) return;
    on_found(found);
  }
}

void FramedConnection::on_found(FrameReader::Found found) {
  switch (found) {
    case FrameReader::Found::text:
      return on_text();
    case FrameReader::Found::binary:
      return close(close_code::kUnsupportedData, "only text messages are understood");
    case FrameReader::Found::ping:
      if (phase_ != Phase::open) return;
      writer_.pong(reader_.payload());
      return write();
    case FrameReader::Found::close:
      return on_close_frame(reader_.close_code() == FrameReader::kNoCode ? close_code::kNormal
                                                                         : reader_.close_code());
    case FrameReader::Found::broken:
      return on_close_frame(reader_.close_code());
    case FrameReader::Found::pong:
    case FrameReader::Found::more:
      return;
  }
}

void FramedConnection::on_text() {
  if (phase_ != Phase::open) return;  // the client has not seen yet that we are closing
  busy_ = clock_.steady();
  const auto session = session_;
  session_reads_ = !session->on_message(reader_.take_text());
}

void FramedConnection::on_message_read() {
  session_reads_ = false;
  heard();  // nothing was read meanwhile
  read_on();
}

void FramedConnection::heard() {
  heard_ = clock_.steady();
  ping_sent_ = false;
}

// ---- writing ----

bool FramedConnection::send(std::string_view text) {
  if (phase_ != Phase::open) return true;
  writer_.text(text);
  write();
  told_to_wait_ = told_to_wait_ || writer_.unsent_bytes() > kHighWater;
  return !told_to_wait_;
}

// As much as goes at once; the rest when the socket takes it.
void FramedConnection::write() {
  if (writing_ || phase_ == Phase::leaving || phase_ == Phase::closed) return;
  for (int i = 0; i < kWritesAtOnce; ++i) {
    if (writer_.empty()) return on_drained();
    const std::string_view bytes = writer_.next();
    error_code error;
    const std::size_t sent =
        socket_->write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (error == boost::asio::error::would_block) break;
    if (error) return destroy_later();
    writer_.sent(sent);
    if (sent < bytes.size()) break;
    write_deadline_.reset();
  }
  wait_to_write();
}

void FramedConnection::wait_to_write() {
  writing_ = true;
  if (!write_deadline_) write_deadline_ = clock_.steady() + limits_.write_timeout;
  socket_->want_write();
}

void FramedConnection::on_writable() {
  const auto self = shared_from_this();
  writing_ = false;
  write();
  call_session_back();
}

void FramedConnection::on_drained() {
  if (phase_ == Phase::opening) return on_opened();
  if (phase_ == Phase::closing && close_received_) leave();
}

void FramedConnection::call_session_back() {
  if (!told_to_wait_ || phase_ != Phase::open || writer_.unsent_bytes() > kLowWater) return;
  told_to_wait_ = false;
  heard();  // nothing was read meanwhile
  const auto session = session_;
  session->on_writable();
  read_on();
}

// ---- ending ----

void FramedConnection::on_idle() {
  if (phase_ != Phase::open) return;
  busy_ = clock_.steady();
  if (owner_.draining()) drain();
}

void FramedConnection::drain() {
  if (phase_ == Phase::open && session_->idle()) {
    close(close_code::kServiceRestart, "the server is shutting down");
  }
}

void FramedConnection::check_deadline(SteadyTime now) {
  if (phase_ == Phase::open) {
    check_open(now);
  } else if (now >= deadline_) {
    destroy();
  }
}

void FramedConnection::check_open(SteadyTime now) {
  const bool idle = session_->idle();
  if (!idle) busy_ = now;
  if (write_deadline_ && now >= *write_deadline_) {
    destroy();
  } else if (idle && owner_.draining()) {
    drain();
  } else if (idle && limits_.max_age > Millis(0) && now - opened_ >= limits_.max_age) {
    close(close_code::kGoingAway, "the socket has reached its maximum age");
  } else if (idle && now - busy_ >= limits_.idle_timeout) {
    close(close_code::kGoingAway, "no turn for too long");
  } else if (told_to_wait_ || session_reads_) {
    return;  // nothing is read, so silence says nothing; a write has its own time-out
  } else if (now - heard_ >= limits_.ping_after + limits_.pong_timeout) {
    destroy();
  } else if (now - heard_ >= limits_.ping_after && !ping_sent_) {
    ping_sent_ = true;
    writer_.ping();
    write();
  }
}

// Behind all that waits to be sent.
void FramedConnection::close(std::uint16_t code, std::string_view reason) {
  if (phase_ != Phase::open) return;
  begin_closing();
  writer_.close(code, reason);
  write();
}

void FramedConnection::begin_closing() {
  go_to(Phase::closing);
  deadline_ = clock_.steady() + limits_.close_timeout;
  end_session();
}

// The client has said goodbye, which is returned, or what nobody can read, and is told so. Either
// way it wants nothing more.
void FramedConnection::on_close_frame(std::uint16_t echo) {
  close_received_ = true;
  if (phase_ == Phase::open) {
    begin_closing();
    writer_.drop_unsent();
    writer_.close(echo);
  }
  write();
}

void FramedConnection::leave() {
  go_to(Phase::leaving);
  socket_->shutdown_send();
  wait_to_read();
}

// Not from inside a call of the session.
void FramedConnection::end_session() {
  if (auto session = std::exchange(session_, nullptr)) {
    boost::asio::post(socket_->context(), [session = std::move(session)] { session->on_closed(); });
  }
}

void FramedConnection::destroy() {
  if (phase_ == Phase::closed) return;
  go_to(Phase::closed);
  socket_->close();
  end_session();
  owner_.on_socket_closed(*this);
}

// The session, or the owner, may be in the middle of something.
void FramedConnection::destroy_later() {
  writing_ = true;  // it is over with
  boost::asio::post(socket_->context(), [self = shared_from_this()] { self->destroy(); });
}

}  // namespace

std::shared_ptr<WebSocketConnection> make_web_socket_connection(
    std::unique_ptr<ClientSocket> socket, Request handshake, const SocketLimits& limits,
    const Clock& clock, SocketOwner& owner) {
  const auto compression = agreed_compression(handshake.headers);
  return std::make_shared<FramedConnection>(std::move(socket), std::move(handshake), compression,
                                            limits, clock, owner);
}

}  // namespace responses_proxy
