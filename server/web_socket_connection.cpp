#include "server/web_socket_connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace responses_proxy {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

// How Beast ends a connection, after the closing handshake and without one; it finds these by their
// arguments.
template <class Handler>
void async_teardown(boost::beast::role_type role, ClientSocket& socket, Handler&& handler) {
  socket.say_goodbye();
  websocket::async_teardown(role, socket.tcp(), std::forward<Handler>(handler));
}

void beast_close_socket(ClientSocket& socket) {
  socket.close();
}

namespace {

constexpr std::size_t kLowWater = 16 * 1024;
constexpr std::size_t kFirstRead = 256;  // of a message; held by every idle socket
constexpr std::size_t kMostRead = 64 * 1024;
constexpr std::size_t kKeptCapacity = 1024;  // of a sent message

// Beast keeps 13 KB of tables for a socket that has agreed to compression, and after the first
// messages the windows and one output buffer: as small as they can be, so that an idle socket stays
// below 24 KB. A client that cannot limit its window gets no compression. Beast clears its history
// after each message, so taking the context over would cost and bring nothing.
websocket::permessage_deflate compression() {
  websocket::permessage_deflate options;
  options.server_enable = true;
  options.server_max_window_bits = 9;
  options.client_max_window_bits = 9;
  options.server_no_context_takeover = true;
  options.client_no_context_takeover = true;
  options.compLevel = 1;
  options.memLevel = 1;
  return options;
}
constexpr std::size_t kCompressedWrite = 1024;

// What Beast needs to see of the request.
http::request<http::empty_body> beast_request(const Request& handshake) {
  http::request<http::empty_body> request(http::verb::get, "/", 11);
  request.set(http::field::host, "proxy");
  request.set(http::field::connection, "upgrade");
  request.set(http::field::upgrade, "websocket");
  for (const Header& field : handshake.headers) {
    if (field.name.size() > 14 && equals_ignore_case(field.name.substr(0, 14), "sec-websocket-")) {
      request.insert(field.name, field.value);
    }
  }
  return request;
}

class BeastConnection final : public WebSocketConnection,
                              public SocketWriter,
                              public std::enable_shared_from_this<BeastConnection> {
 public:
  BeastConnection(ClientSocket socket, Request handshake, const SocketLimits& limits,
                  const Clock& clock, SocketOwner& owner)
      : stream_(std::move(socket)),
        limits_(limits),
        clock_(clock),
        owner_(owner),
        handshake_(std::move(handshake)) {}

  void start() override;
  void check_deadline(SteadyTime now) override;
  void drain() override;
  void abandon() override { session_.reset(); }

  bool send(std::string_view text) override;
  std::size_t unsent_bytes() const override { return queued_bytes_; }
  void on_idle() override;
  void on_message_read() override;

 private:
  enum class Phase : std::uint8_t { opening, open, closing, closed };
  struct Closing {
    std::uint16_t code;
    std::string_view reason;  // a literal
  };

  void on_accepted(const error_code& error);
  void read();
  void on_read(const error_code& error, std::size_t bytes);
  void heard();
  void write();
  void on_written(const error_code& error);
  void ping();
  void check_open(SteadyTime now);
  void close(std::uint16_t code, std::string_view reason);
  void start_close();
  void give_up();
  void end_session();
  void destroy();

  websocket::stream<ClientSocket> stream_;
  const SocketLimits& limits_;
  const Clock& clock_;
  SocketOwner& owner_;
  std::optional<Request> handshake_;
  std::shared_ptr<SocketSession> session_;

  Phase phase_ = Phase::opening;
  SteadyTime opened_;
  SteadyTime heard_;     // the last byte from the client
  SteadyTime busy_;      // the last time a turn was seen
  SteadyTime deadline_;  // of opening and closing
  SteadyTime write_deadline_;
  std::optional<Closing> close_;  // to be sent when the queue is empty

  std::string message_;  // read so far, and room for the read that is pending
  std::size_t message_bytes_ = 0;
  bool reading_ = false;
  bool session_reads_ = false;  // the last message; until then nothing else is read
  bool ping_sent_ = false;      // since the client was last heard
  bool pinging_ = false;

  std::string writing_text_;
  std::vector<std::string> waiting_;
  std::size_t next_waiting_ = 0;
  std::size_t queued_bytes_ = 0;
  bool writing_ = false;
  bool told_to_wait_ = false;
};

// ---- opening ----

void BeastConnection::start() {
  deadline_ = clock_.steady() + limits_.write_timeout;
  stream_.set_option(compression());
  stream_.set_option(websocket::stream_base::decorator(
      [](websocket::response_type& answer) { answer.set(http::field::server, "rp-server"); }));
  stream_.auto_fragment(false);
  stream_.write_buffer_bytes(kCompressedWrite);
  stream_.read_message_max(limits_.max_message_bytes);
  stream_.text(true);
  stream_.control_callback([this](websocket::frame_type type, auto) {
    heard();
    if (type == websocket::frame_type::close) give_up();
  });
  stream_.async_accept(
      beast_request(*handshake_),
      [self = shared_from_this()](const error_code& error) { self->on_accepted(error); });
}

void BeastConnection::on_accepted(const error_code& error) {
  if (phase_ != Phase::opening) return;
  if (error) {
    destroy();
    return;
  }
  phase_ = Phase::open;
  opened_ = busy_ = clock_.steady();
  heard();
  session_ = owner_.open_session(*std::exchange(handshake_, std::nullopt), shared_from_this());
  if (owner_.draining()) drain();
  read();
}

// ---- reading ----

void BeastConnection::read() {
  if (reading_ || told_to_wait_ || session_reads_ || phase_ != Phase::open) return;
  reading_ = true;
  const std::size_t room = std::clamp(message_bytes_, kFirstRead, kMostRead);
  message_.resize(message_bytes_ + room);
  stream_.async_read_some(
      boost::asio::buffer(message_.data() + message_bytes_, room),
      [self = shared_from_this()](const error_code& read_error, std::size_t bytes) {
        self->on_read(read_error, bytes);
      });
}

void BeastConnection::on_read(const error_code& error, std::size_t bytes) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (error) {
    // Beast has told the client why, if there was something to tell.
    destroy();
    return;
  }
  if (phase_ != Phase::open) return;  // Beast's close operation reads the rest
  heard();
  if (stream_.got_binary()) {
    close(close_code::kUnsupportedData, "only text messages are understood");
    return;
  }
  message_bytes_ += bytes;
  if (stream_.is_message_done()) {
    message_.resize(message_bytes_);
    message_bytes_ = 0;
    busy_ = clock_.steady();
    const auto session = session_;
    session_reads_ = !session->on_message(std::exchange(message_, {}));
  }
  read();
}

void BeastConnection::on_message_read() {
  session_reads_ = false;
  heard();  // nothing was read meanwhile
  read();
}

void BeastConnection::heard() {
  heard_ = clock_.steady();
  ping_sent_ = false;
}

// ---- writing ----

bool BeastConnection::send(std::string_view text) {
  if (phase_ != Phase::open) return true;
  queued_bytes_ += text.size();
  if (writing_) {
    waiting_.emplace_back(text);
  } else {
    writing_text_.assign(text);
    write();
  }
  told_to_wait_ = told_to_wait_ || queued_bytes_ > kHighWater;
  return !told_to_wait_;
}

void BeastConnection::write() {
  writing_ = true;
  write_deadline_ = clock_.steady() + limits_.write_timeout;
  stream_.async_write(boost::asio::buffer(writing_text_),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        self->on_written(error);
                      });
}

void BeastConnection::on_written(const error_code& error) {
  writing_ = false;
  if (phase_ == Phase::closed) return;
  if (error) {
    // With a read pending, Beast may be about to tell the client what it did wrong.
    if (reading_) {
      give_up();
    } else {
      destroy();
    }
    return;
  }
  queued_bytes_ -= writing_text_.size();
  if (writing_text_.capacity() > kKeptCapacity) std::string().swap(writing_text_);
  if (next_waiting_ < waiting_.size()) {
    writing_text_ = std::move(waiting_[next_waiting_++]);
    write();
  } else {
    std::vector<std::string>().swap(waiting_);
    next_waiting_ = 0;
    if (close_) start_close();
  }
  if (told_to_wait_ && queued_bytes_ <= kLowWater && phase_ == Phase::open) {
    told_to_wait_ = false;
    heard();  // nothing was read meanwhile
    const auto session = session_;
    session->on_writable();
    read();
  }
}

void BeastConnection::ping() {
  if (pinging_) return;
  pinging_ = true;
  ping_sent_ = true;
  stream_.async_ping({},
                     [self = shared_from_this()](const error_code&) { self->pinging_ = false; });
}

// ---- ending ----

void BeastConnection::on_idle() {
  if (phase_ != Phase::open) return;
  busy_ = clock_.steady();
  if (owner_.draining()) drain();
}

void BeastConnection::drain() {
  if (phase_ == Phase::open && session_->idle()) {
    close(close_code::kServiceRestart, "the server is shutting down");
  }
}

void BeastConnection::check_deadline(SteadyTime now) {
  if (phase_ == Phase::open) {
    check_open(now);
  } else if (now >= deadline_) {
    destroy();
  }
}

void BeastConnection::check_open(SteadyTime now) {
  const bool idle = session_->idle();
  if (!idle) busy_ = now;
  if (!stream_.is_open()) {
    give_up();  // Beast is telling the client what it did wrong, and waits for it to close
  } else if (writing_ && now >= write_deadline_) {
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
    ping();
  }
}

void BeastConnection::close(std::uint16_t code, std::string_view reason) {
  if (phase_ != Phase::open) return;
  phase_ = Phase::closing;
  deadline_ = clock_.steady() + limits_.close_timeout;
  close_ = Closing{code, reason};
  end_session();
  if (!writing_) start_close();
}

void BeastConnection::start_close() {
  const Closing closing = *std::exchange(close_, std::nullopt);
  // The client may have closed meanwhile; Beast allows one closing handshake only.
  if (!stream_.is_open()) return;
  const websocket::close_reason reason(static_cast<websocket::close_code>(closing.code),
                                       {closing.reason.data(), closing.reason.size()});
  stream_.async_close(reason, [self = shared_from_this()](const error_code&) { self->destroy(); });
}

// Nothing can be sent any more; Beast and the client have a moment to end the connection properly.
void BeastConnection::give_up() {
  if (phase_ == Phase::open) {
    phase_ = Phase::closing;
    deadline_ = clock_.steady() + limits_.close_timeout;
  }
  end_session();
}

// Not from inside a call of the session.
void BeastConnection::end_session() {
  if (auto session = std::exchange(session_, nullptr)) {
    boost::asio::post(stream_.get_executor(),
                      [session = std::move(session)] { session->on_closed(); });
  }
}

void BeastConnection::destroy() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  stream_.next_layer().close();
  end_session();
  owner_.on_socket_closed(*this);
}

}  // namespace

std::shared_ptr<WebSocketConnection> make_web_socket_connection(ClientSocket socket,
                                                                Request handshake,
                                                                const SocketLimits& limits,
                                                                const Clock& clock,
                                                                SocketOwner& owner) {
  return std::make_shared<BeastConnection>(std::move(socket), std::move(handshake), limits, clock,
                                           owner);
}

}  // namespace responses_proxy
