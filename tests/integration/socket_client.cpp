#include "integration/socket_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

namespace responses_proxy::testing {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

namespace {

// RFC 7692 section 7.2: every message ends in an empty block whose last four bytes are not sent.
constexpr std::string_view kEmptyBlock("\x00\x00\xff\xff", 4);
constexpr int kWindowBits = 15;

// Runs `step` of zlib over all of `input`.
template <class Step>
std::string pump(z_stream& stream, std::string_view input, Step step) {
  std::string input_copy(input);
  stream.next_in = reinterpret_cast<Bytef*>(input_copy.data());
  stream.avail_in = static_cast<uInt>(input_copy.size());
  std::string output;
  std::array<char, 16 * 1024> chunk;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    const int result = step(&stream, Z_SYNC_FLUSH);
    if (result != Z_OK && result != Z_BUF_ERROR) throw std::runtime_error("bad deflate data");
    output.append(chunk.data(), chunk.size() - stream.avail_out);
  } while (stream.avail_out == 0 || stream.avail_in > 0);
  return output;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = (value << 8) | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

// Both keep their window from message to message, as agreed by default.
struct SocketClient::Inflater {
  Inflater() { inflateInit2(&stream, -kWindowBits); }
  ~Inflater() { inflateEnd(&stream); }
  std::string run(const std::string& payload) {
    return pump(stream, payload + std::string(kEmptyBlock), ::inflate);
  }
  z_stream stream{};
};

struct SocketClient::Deflater {
  Deflater() {
    deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -kWindowBits, 8, Z_DEFAULT_STRATEGY);
  }
  ~Deflater() { deflateEnd(&stream); }
  std::string run(std::string_view text) {
    std::string bytes = pump(stream, text, ::deflate);
    bytes.resize(bytes.size() - kEmptyBlock.size());
    return bytes;
  }
  z_stream stream{};
};

std::uint16_t SocketFrame::close_code() const {
  return payload.size() < 2 ? 1005
                            : static_cast<std::uint16_t>(from_big_endian(payload.substr(0, 2)));
}

std::string SocketFrame::close_reason() const {
  return payload.size() < 2 ? "" : payload.substr(2);
}

SocketClient::SocketClient(std::uint16_t port, Headers headers, bool deflate,
                           const std::string& target)
    : socket_(context_) {
  socket_.connect({asio::ip::address_v4::loopback(), port});
  socket_.set_option(tcp::no_delay(true));
  shake_hands(headers, deflate, target);
}

SocketClient::~SocketClient() = default;

void SocketClient::shake_hands(const Headers& headers, bool deflate, const std::string& target) {
  std::string head = fmt::format(
      "GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YZAYyUJoS4nEhAAMVfotIg==\r\n",
      target, socket_.remote_endpoint().port());
  for (const Header& field : headers)
    head.append(field.name).append(": ").append(field.value).append("\r\n");
  if (deflate) {
    head += "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
  }
  send_raw(head + "\r\n");

  http::response_parser<http::string_body> parser;
  parser.eager(true);
  const auto until = SteadyClock::now() + kPatience;
  while (!parser.is_done()) {
    if (!read_more(until)) {
      error_code ignored;
      if (ended_ && parser.is_header_done()) parser.put_eof(ignored);
      break;
    }
    error_code error;
    const std::size_t used = parser.put(asio::buffer(received_), error);
    received_.erase(0, used);
    if (error && error != http::error::need_more) return;
  }
  if (!parser.is_header_done()) return;
  status_ = static_cast<int>(parser.get().result_int());
  for (const auto& field : parser.get()) {
    headers_.add(std::string(field.name_string()), std::string(field.value()));
  }
  body_ = parser.get().body();
  if (headers_.get("Sec-WebSocket-Extensions").starts_with("permessage-deflate")) {
    inflater_ = std::make_unique<Inflater>();
    deflater_ = std::make_unique<Deflater>();
  }
}

bool SocketClient::send_raw(std::string_view bytes) {
  error_code error;
  asio::write(socket_, asio::buffer(bytes), error);
  return !error;
}

bool SocketClient::send_text(std::string_view text) {
  return send_fragmented(text, 1);
}

bool SocketClient::send_binary(std::string_view bytes) {
  if (!deflater_) return send_frame({opcode::kBinary, std::string(bytes)});
  return send_frame({opcode::kBinary, deflater_->run(bytes), true, true});
}

bool SocketClient::send_fragmented(std::string_view text, std::size_t frames) {
  const std::string payload = deflater_ ? deflater_->run(text) : std::string(text);
  const std::size_t size = std::max<std::size_t>(1, (payload.size() + frames - 1) / frames);
  bool taken = true;
  for (std::size_t i = 0; i < frames && taken; ++i) {
    const std::size_t from = std::min(i * size, payload.size());
    taken = send_frame({i == 0 ? opcode::kText : opcode::kContinuation, payload.substr(from, size),
                        i + 1 == frames, i == 0 && deflater_ != nullptr});
  }
  return taken;
}

bool SocketClient::send_ping(std::string_view payload) {
  return send_frame({opcode::kPing, std::string(payload)});
}

bool SocketClient::send_close(std::uint16_t code, std::string_view reason) {
  close_sent_ = true;
  return send_frame({opcode::kClose, close_payload(code, reason)});
}

bool SocketClient::read_more(SteadyClock::time_point until) {
  if (ended_) return false;
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - SteadyClock::now()).count();
  pollfd fd = {socket_.native_handle(), POLLIN, 0};
  if (::poll(&fd, 1, static_cast<int>(std::max<std::int64_t>(0, left))) <= 0) return false;
  std::array<char, 64 * 1024> chunk;
  error_code error;
  const std::size_t bytes = socket_.read_some(asio::buffer(chunk), error);
  received_.append(chunk.data(), bytes);
  if (error) drop();  // a server waits for its client to close as well
  return !ended_;
}

std::optional<SocketFrame> SocketClient::parse() {
  const std::string_view bytes = received_;
  if (bytes.size() < 2) return std::nullopt;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  if ((second & 0x80) != 0) throw std::runtime_error("the server masks its frames");
  const std::size_t length_bytes = second == 127 ? 8 : second == 126 ? 2 : 0;
  if (bytes.size() < 2 + length_bytes) return std::nullopt;
  const std::uint64_t length =
      length_bytes == 0 ? second : from_big_endian(bytes.substr(2, length_bytes));
  if (bytes.size() - 2 - length_bytes < length) return std::nullopt;
  SocketFrame frame;
  frame.opcode = first & 0x0f;
  frame.fin = (first & 0x80) != 0;
  frame.compressed = (first & 0x40) != 0;
  frame.payload = bytes.substr(2 + length_bytes, length);
  received_.erase(0, 2 + length_bytes + length);
  return frame;
}

SocketFrame SocketClient::read_frame(Deadline deadline) {
  const auto until = SteadyClock::now() + deadline;
  for (;;) {
    if (auto frame = parse()) return std::move(*frame);
    if (!read_more(until)) break;
  }
  SocketFrame nothing;
  nothing.opcode = ended_ ? SocketFrame::kEnd : SocketFrame::kNone;
  return nothing;
}

SocketFrame SocketClient::next_message(Deadline deadline) {
  SocketFrame message;
  for (;;) {
    SocketFrame frame = read_frame(deadline);
    if (frame.opcode == opcode::kPing) {
      if (answer_pings_) send_frame({opcode::kPong, frame.payload});
      continue;
    }
    if (frame.opcode == opcode::kPong) continue;
    if (frame.opcode == opcode::kClose && !std::exchange(close_sent_, true)) {
      send_frame({opcode::kClose, frame.payload});
    }
    if (frame.opcode > opcode::kBinary) return frame;  // the end, of one kind or another
    if (frame.opcode == opcode::kContinuation) {
      message.payload += frame.payload;
      message.fin = frame.fin;
    } else {
      message = std::move(frame);
    }
    if (message.fin) return inflated(std::move(message));
  }
}

SocketFrame SocketClient::inflated(SocketFrame message) {
  if (!message.compressed) return message;
  if (!inflater_) throw std::runtime_error("the server compresses unasked");
  message.payload = inflater_->run(message.payload);
  return message;
}

Json SocketClient::next_event(Deadline deadline) {
  const SocketFrame message = next_message(deadline);
  return message.opcode == opcode::kText ? message.json() : Json();
}

std::vector<Json> SocketClient::events_until(std::string_view type, Deadline deadline) {
  std::vector<Json> events;
  for (;;) {
    Json event = next_event(deadline);
    if (!event.is_object()) return events;
    events.push_back(std::move(event));
    if (events.back().value("type", "") == type) return events;
  }
}

void SocketClient::drop() {
  error_code ignored;
  socket_.close(ignored);
  ended_ = true;
}

void SocketClient::reset() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  drop();
}

}  // namespace responses_proxy::testing
