// What a client may send after the handshake, in any pieces, while the server echoes, drains and
// ages: whole text messages in UTF-8 come out, and every session is told once that it has ended.
#include <simdjson.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <string>
#include <utility>

#include "fuzz_input.h"
#include "server/web_socket_connection.h"

namespace responses_proxy::fuzz {

namespace {

constexpr std::size_t kMaxMessage = 4096;

class FuzzClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime(now_); }
  WallTime wall() const override { return WallTime(now_); }
  void advance(Millis by) { now_ += by; }

 private:
  Millis now_{3'600'000};
};

struct Counts {
  int opened = 0;
  int told = 0;
  int destroyed = 0;
  int sockets_closed = 0;
};

class EchoSession final : public SocketSession {
 public:
  EchoSession(std::shared_ptr<SocketWriter> writer, Counts& counts)
      : writer_(std::move(writer)), counts_(counts) {}
  ~EchoSession() override { ++counts_.destroyed; }

  bool on_message(std::string text) override {
    require(writer_ != nullptr);
    require(text.size() <= kMaxMessage);
    require(simdjson::validate_utf8(text));
    if (text.starts_with("b")) idle_ = false;
    // A flood, so that the writer fills up.
    for (int i = text.starts_with("f") ? 64 : 1; i > 0; --i) writer_->send(text);
    if (text.starts_with("d")) {
      idle_ = true;
      writer_->on_idle();
    }
    return true;
  }
  void on_writable() override { require(writer_ != nullptr); }
  void on_closed() override {
    ++counts_.told;
    writer_.reset();
  }
  bool idle() const override { return idle_; }

 private:
  std::shared_ptr<SocketWriter> writer_;
  Counts& counts_;
  bool idle_ = true;
};

class Bench final : public SocketOwner {
 public:
  explicit Bench(bool compression) {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    client_ = ends[1];
    boost::asio::ip::tcp::socket socket(context_);
    socket.assign(boost::asio::ip::tcp::v4(), ends[0]);
    limits_.max_message_bytes = kMaxMessage;
    limits_.max_age = Millis(7'200'000);
    Request handshake;
    handshake.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    handshake.headers.add("Sec-WebSocket-Version", "13");
    if (compression) {
      handshake.headers.add("Sec-WebSocket-Extensions",
                            "permessage-deflate; client_max_window_bits");
    }
    connection_ = make_web_socket_connection(std::make_unique<ClientSocket>(std::move(socket)),
                                             std::move(handshake), limits_, clock_, *this);
    connection_->start();
    run();
  }

  std::shared_ptr<SocketSession> open_session(Request,
                                              std::shared_ptr<SocketWriter> writer) override {
    ++counts_.opened;
    return std::make_shared<EchoSession>(std::move(writer), counts_);
  }
  void on_socket_closed(WebSocketConnection&) override {
    ++counts_.sockets_closed;
    connection_.reset();
  }
  bool draining() const override { return draining_; }

  void send(std::string_view bytes) {
    if (client_ >= 0) (void)!::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    run();
  }
  void read() {
    std::array<char, 65536> buffer;
    while (client_ >= 0 && ::recv(client_, buffer.data(), buffer.size(), 0) > 0) run();
  }
  void hang_up() {
    if (client_ >= 0) ::close(std::exchange(client_, -1));
    run();
  }
  void pass(Millis time) {
    clock_.advance(time);
    if (const auto connection = connection_) connection->check_deadline(clock_.steady());
    run();
  }
  void drain() {
    draining_ = true;
    if (const auto connection = connection_) connection->drain();
    run();
  }
  void finish() {
    read();
    hang_up();
    pass(Millis(600'000));  // past every time-out of a connection without a client
    pass(Millis(600'000));
    require(connection_ == nullptr);
    require(counts_.opened == 1 && counts_.told == 1 && counts_.destroyed == 1);
    require(counts_.sockets_closed == 1);
  }

 private:
  void run() {
    context_.restart();
    context_.poll();
  }

  boost::asio::io_context context_{1};
  SocketLimits limits_;
  FuzzClock clock_;
  Counts counts_;
  bool draining_ = false;
  int client_ = -1;
  std::shared_ptr<WebSocketConnection> connection_;
};

// A frame with a mask of zeros.
std::string frame(std::uint8_t first, std::string_view payload) {
  std::string bytes;
  bytes.push_back(static_cast<char>(first));
  if (payload.size() < 126) {
    bytes.push_back(static_cast<char>(0x80 | payload.size()));
  } else {
    bytes.push_back(static_cast<char>(0xfe));
    bytes.push_back(static_cast<char>(payload.size() >> 8));
    bytes.push_back(static_cast<char>(payload.size()));
  }
  bytes.append(4, '\0');
  return bytes.append(payload);
}

}  // namespace

void run(FuzzInput input) {
  Bench bench((input.byte() & 1) != 0);
  while (!input.empty()) {
    const std::uint8_t step = input.byte();
    const std::size_t size = input.byte();
    switch (step % 8) {
      case 0:
        bench.send(input.text(size));
        break;
      case 1:
        bench.read();
        break;
      case 2:
        bench.pass(Millis(size * 1000));
        break;
      case 3:
        if (size == 0) bench.drain();
        if (size == 1) bench.hang_up();
        if (size == 2) bench.pass(Millis(3'600'000));
        break;
      default: {
        const std::uint8_t first = input.byte();
        bench.send(frame(first, input.text(step >= 128 ? size * 16 : size)));
      }
    }
  }
  bench.finish();
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
