// The frames of clients as Boost.Beast understands them, and as we do: the same messages, and the
// same code when it ends.
#include <doctest/doctest.h>
#include <simdjson.h>

#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <random>

#include "integration/listener/frames.h"
#include "unit/web_socket/frames_of.h"

namespace responses_proxy {

namespace {

using namespace responses_proxy::testing;  // NOLINT(google-build-using-namespace)
namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr std::size_t kMaxMessage = 400;
constexpr int kRuns = 3000;

std::string handshake(bool compressed) {
  std::string request =
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  if (compressed) {
    request += "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9\r\n";
  }
  return request + "\r\n";
}

// The code of the close frame among what a server has sent, "" if there is none. `frames` are not
// masked.
std::string code_said(std::string frames) {
  FrameReader reader({.masked = false, .compressed = false, .max_message_bytes = kMaxMessage});
  std::span<char> bytes(frames);
  for (;;) {
    const FrameReader::Found found = reader.next(bytes);
    if (found == FrameReader::Found::close) return std::to_string(reader.close_code());
    if (found == FrameReader::Found::more || found == FrameReader::Found::broken) return "";
  }
}

// Messages, and at the end what the server says when it closes.
std::string by_beast(const std::string& frames, bool compressed) {
  boost::asio::io_context context;
  websocket::stream<beast::test::stream> server(context);
  beast::test::stream client(context);
  server.next_layer().connect(client);
  websocket::permessage_deflate options;
  options.server_enable = true;
  options.client_no_context_takeover = true;
  server.set_option(options);
  server.read_message_max(kMaxMessage);
  client.write_some(boost::asio::buffer(handshake(compressed) + frames));
  server.accept();
  const std::size_t answered = client.str().size();
  client.close();
  std::string findings;
  for (;;) {
    beast::flat_buffer buffer;
    beast::error_code error;
    server.read(buffer, error);
    if (error) break;
    if (server.got_binary()) continue;
    const auto data = buffer.cdata();
    const std::string text(static_cast<const char*>(data.data()), data.size());
    // Beast does not look whether a text is complete whose last fragment is empty.
    if (!simdjson::validate_utf8(text)) return findings + "said 1007";
    findings.append("text ").append(text).push_back('\n');
  }
  return findings + "said " + code_said(std::string(client.str()).substr(answered));
}

std::string by_us(const std::string& frames, bool compressed, std::size_t cut, std::size_t piece) {
  const FrameReader::Rules rules{
      .masked = true, .compressed = compressed, .max_message_bytes = kMaxMessage};
  std::string findings;
  std::string said;
  for (const std::string& finding : found_in(frames, rules, piece, cut)) {
    if (finding.starts_with("text ")) findings.append(finding).push_back('\n');
    if (finding.starts_with("close ")) said = finding.substr(6, finding.find(' ', 6) - 6);
    if (finding.starts_with("broken ")) said = finding.substr(7);
  }
  if (said == "1005") said = "1000";  // nothing is answered with a plain goodbye
  return findings + "said " + said;
}

class Frames {
 public:
  explicit Frames(unsigned seed) : random_(seed) {}

  // Some that a client may send, and with `defects` one or the other that it may not.
  std::string some(bool compressed, bool defects) {
    std::string bytes;
    for (int i = number(1, 6); i > 0; --i) {
      if (chance(4)) bytes += control(defects);
      bytes += message(compressed, defects);
    }
    if (chance(2)) bytes += close(defects);
    if (defects && chance(4) && !bytes.empty()) {
      bytes[static_cast<std::size_t>(number(0, static_cast<int>(bytes.size()) - 1))] ^=
          static_cast<char>(1 << number(0, 7));
    }
    return bytes;
  }

 private:
  int number(int from, int to) { return std::uniform_int_distribution(from, to)(random_); }
  bool chance(int one_in) { return number(1, one_in) == 1; }

  std::string text(bool defects) {
    static const std::string kCharacters[] = {"a", "z ", "\xc3\xa4", "\xe2\x82\xac",
                                              "\xf0\x9f\x98\x80"};
    std::string text;
    for (int i = number(0, chance(5) ? 150 : 12); i > 0; --i) {
      text += kCharacters[number(0, 4)];
    }
    if (defects && chance(8)) text += "\xed\xa0\x80";
    if (defects && chance(8)) text += "\xe2\x82";
    return text;
  }

  std::string message(bool compressed, bool defects) {
    const bool packed = compressed && chance(2);
    std::string payload = text(defects);
    if (packed) {
      std::string out;
      deflater_.take(payload, true, out);
      payload = out;
    }
    std::string bytes;
    bool first = true;
    do {
      const auto size = static_cast<std::size_t>(number(0, static_cast<int>(payload.size())));
      const bool last = size == payload.size();
      Frame frame{first ? opcode::kText : opcode::kContinuation, payload.substr(0, size), last,
                  packed && first};
      if (defects && chance(30)) spoil(frame);
      bytes += encode(frame);
      payload.erase(0, size);
      if (!last && chance(3)) bytes += control(defects);
      first = false;
      if (last) break;
    } while (true);
    return bytes;
  }

  void spoil(Frame& frame) {
    switch (number(0, 4)) {
      case 0:
        frame.masked = false;
        break;
      case 1:
        frame.opcode = static_cast<std::uint8_t>(number(0, 15));
        break;
      case 2:
        frame.compressed = !frame.compressed;
        break;
      case 3:
        frame.fin = !frame.fin;
        break;
      default:
        frame.payload += std::string(kMaxMessage, 'x');
    }
  }

  std::string control(bool defects) {
    Frame frame{chance(2) ? opcode::kPing : opcode::kPong, text(false).substr(0, 125)};
    if (defects && chance(20)) spoil(frame);
    return encode(frame);
  }

  std::string close(bool defects) {
    if (chance(4)) return encode({opcode::kClose, ""});
    const int code = defects && chance(3) ? number(990, 3010) : 1000 + number(0, 3);
    std::string payload = close_payload(static_cast<std::uint16_t>(code), chance(2) ? "bye" : "");
    if (defects && chance(6)) payload += "\xff";
    if (defects && chance(6)) payload.resize(1);
    return encode({opcode::kClose, payload});
  }

  std::mt19937 random_;
  MessageDeflater deflater_;
};

}  // namespace

TEST_CASE("the same frames are the same messages and the same end to Beast and to us") {
  for (unsigned seed = 0; seed < kRuns; ++seed) {
    CAPTURE(seed);
    const bool compressed = seed % 3 == 0;
    // What is compressed badly is refused by us with a code, and by Beast with none.
    const bool defects = !compressed && seed % 2 == 0;
    const std::string bytes = Frames(seed).some(compressed, defects);
    const std::string expected = by_beast(bytes, compressed);
    REQUIRE(by_us(bytes, compressed, 0, std::string::npos) == expected);
    REQUIRE(by_us(bytes, compressed, 0, 1) == expected);
    const std::size_t step = 1 + bytes.size() / 50;
    for (std::size_t cut = 1; cut < bytes.size(); cut += step) {
      REQUIRE(by_us(bytes, compressed, cut, std::string::npos) == expected);
    }
  }
}

}  // namespace responses_proxy
