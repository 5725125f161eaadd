// A WebSocket client that works frame by frame on a blocking socket: it may send what no decent
// client sends, and nothing happens behind its back but what answer_pings says.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "integration/listener/frames.h"
#include "responses_proxy/request.h"

namespace responses_proxy::testing {

// What came: a frame, or that there is none.
struct SocketFrame : Frame {
  static constexpr std::uint8_t kEnd = 255;   // the connection has ended
  static constexpr std::uint8_t kNone = 254;  // nothing came in time

  std::uint16_t close_code() const;  // of a close frame; 1005 without one
  std::string close_reason() const;
  Json json() const { return Json::parse(payload, nullptr, /*allow_exceptions=*/false); }
};

class SocketClient {
 public:
  using Deadline = std::chrono::milliseconds;
  static constexpr Deadline kPatience{30'000};

  // Connects and shakes hands on /v1/responses. Offers permessage-deflate if `deflate`.
  explicit SocketClient(std::uint16_t port, Headers headers = {}, bool deflate = false,
                        const std::string& target = "/v1/responses");
  ~SocketClient();
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  // What came of the handshake: 101, or a refusal with its body.
  int status() const { return status_; }
  const Headers& headers() const { return headers_; }
  const std::string& body() const { return body_; }
  bool deflates() const { return inflater_ != nullptr; }  // both sides agreed

  // false: the peer takes nothing any more. Text and binary are compressed if both sides agreed.
  bool send_text(std::string_view text);
  bool send(const Json& message) { return send_text(dump(message)); }
  bool send_binary(std::string_view bytes);
  bool send_fragmented(std::string_view text, std::size_t frames);
  bool send_frame(const Frame& frame) { return send_raw(encode(frame)); }
  bool send_ping(std::string_view payload = {});
  bool send_close(std::uint16_t code, std::string_view reason = {});
  bool send_raw(std::string_view bytes);

  // On by default: next_message() and next_event() answer pings; read_frame() never does.
  void answer_pings(bool answer) { answer_pings_ = answer; }
  SocketFrame read_frame(Deadline deadline = kPatience);
  // The next whole text or binary message, the close frame (answered, unless it answers ours), or
  // the end; pings and pongs are passed over.
  SocketFrame next_message(Deadline deadline = kPatience);
  // next_message as JSON; null if it was none.
  Json next_event(Deadline deadline = kPatience);
  // Events up to and with the first of that type; all there were when none came.
  std::vector<Json> events_until(std::string_view type, Deadline deadline = kPatience);
  // Ends the connection without a close frame: in order (FIN), or not (RST).
  void drop();
  void reset();

 private:
  struct Inflater;
  struct Deflater;
  void shake_hands(const Headers& headers, bool deflate, const std::string& target);
  bool read_more(std::chrono::steady_clock::time_point until);  // false: see ended_
  std::optional<SocketFrame> parse();
  SocketFrame inflated(SocketFrame message);

  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  int status_ = 0;
  Headers headers_;
  std::string body_;
  std::string received_;  // of frames, not parsed yet
  bool ended_ = false;
  bool answer_pings_ = true;
  bool close_sent_ = false;
  std::unique_ptr<Inflater> inflater_;
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace responses_proxy::testing
