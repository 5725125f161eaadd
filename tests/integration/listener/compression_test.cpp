// permessage-deflate (RFC 7692), with zlib as the other side.
#include <doctest/doctest.h>
#include <zlib.h>

#include "integration/listener/socket_rig.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kOffer =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
constexpr int kClientWindow = -9;  // bits; negative: raw deflate
constexpr int kServerWindow = -9;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string compressed(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, kClientWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_SYNC_FLUSH) == Z_OK);
  out.resize(stream.total_out - 4);  // the empty block at the end is not sent
  deflateEnd(&stream);
  return out;
}

std::string decompressed(std::string bytes) {
  bytes += std::string("\0\0\xff\xff", 4);
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, kServerWindow) == Z_OK);
  std::string out(4 * 1024 * 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_SYNC_FLUSH) == Z_OK);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

// A message of the server, which may come in several frames.
std::string message(FrameClient& client) {
  std::string bytes;
  auto frame = client.read();
  REQUIRE(frame);
  CHECK(frame->opcode == opcode::kText);
  CHECK(frame->compressed);
  bytes = frame->payload;
  while (!frame->fin) {
    frame = client.read();
    REQUIRE(frame);
    CHECK(frame->opcode == opcode::kContinuation);
    CHECK_FALSE(frame->compressed);
    bytes += frame->payload;
  }
  return decompressed(bytes);
}

std::string sample(std::size_t words) {
  std::string text;
  for (std::size_t i = 0; i < words; ++i) text += "word" + std::to_string(i * 7919 % 1000) + " ";
  return text;
}

}  // namespace

TEST_CASE("compression is agreed on with small windows") {
  SocketRig rig;
  FrameClient client(rig, kOffer);
  CHECK(has(client.answer(), "Sec-WebSocket-Extensions: permessage-deflate; "));
  CHECK(has(client.answer(), "; client_max_window_bits=9"));
  CHECK(has(client.answer(), "; server_max_window_bits=9"));
  for (const std::size_t words : {1U, 20U, 1000U, 100'000U}) {
    CAPTURE(words);
    const std::string text = sample(words);
    client.send({opcode::kText, compressed(text), true, true});
    CHECK(message(client) == text);
  }
  // The next one may be left uncompressed.
  client.text("plain");
  CHECK(message(client) == "plain");
}

TEST_CASE("compressed fragments") {
  SocketRig rig;
  FrameClient client(rig, kOffer);
  const std::string text = sample(500);
  const std::string bytes = compressed(text);
  client.send({opcode::kText, bytes.substr(0, 10), false, true});
  client.send({opcode::kPing, "p"});
  client.send({opcode::kContinuation, bytes.substr(10)});
  CHECK(client.read()->opcode == opcode::kPong);
  CHECK(message(client) == text);
}

TEST_CASE("an offer that would cost a large window is declined") {
  SocketRig rig;
  FrameClient client(rig, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  CHECK_FALSE(has(client.answer(), "Sec-WebSocket-Extensions"));
  client.text("plain");
  CHECK(client.message() == "plain");
}

TEST_CASE("of several offers the first acceptable one counts; unknown ones are ignored") {
  SocketRig rig;
  FrameClient client(rig,
                     "Sec-WebSocket-Extensions: x-unknown, permessage-deflate; "
                     "client_max_window_bits=12; server_no_context_takeover\r\n");
  CHECK(has(client.answer(), "; client_max_window_bits=9"));
  client.send({opcode::kText, compressed("hello"), true, true});
  CHECK(message(client) == "hello");
}

TEST_CASE("a small message that grows over the limit ends with 1009") {
  SocketLimits limits;
  limits.max_message_bytes = 1'000'000;
  SocketRig rig(limits);
  FrameClient client(rig, kOffer);
  const std::string bomb = compressed(std::string(50'000'000, 'a'));
  CHECK(bomb.size() < 100'000);
  client.send({opcode::kText, bomb, true, true});
  CHECK(client.close_code() == close_code::kTooBig);
  CHECK(rig.log().seen().messages.empty());
}

TEST_CASE("bytes that do not decompress end the connection") {
  SocketRig rig;
  FrameClient client(rig, kOffer);
  client.send({opcode::kText, "\xff\xff\xff\xff\xff", true, true});
  client.close_code();
  CHECK(client.at_end());
  CHECK(rig.log().wait_for([](const auto& seen) { return seen.closed == 1; }));
  CHECK(rig.log().seen().messages.empty());
}
