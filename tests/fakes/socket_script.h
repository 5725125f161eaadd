// What a scripted WebSocket does, as data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "fakes/scripted_upstream.h"

namespace responses_proxy::testing {

struct SocketStep {
  enum class Kind : std::uint8_t { text, binary, fragments, raw, ping, gate, stall, close, reset };
  Kind kind = Kind::stall;
  std::string text = {};      // the payload, the bytes, the gate's name, or the reason
  std::size_t times = 1;      // text: how often; fragments: into how many frames
  std::uint16_t code = 1000;  // close

  static SocketStep message(std::string text, std::size_t times = 1) {
    return {Kind::text, std::move(text), times};
  }
  static SocketStep event(const Json& event) { return message(dump(event)); }
  static SocketStep binary(std::string bytes) { return {Kind::binary, std::move(bytes)}; }
  static SocketStep fragments(std::string text, std::size_t frames) {
    return {Kind::fragments, std::move(text), frames};
  }
  // Straight to the connection, past the framing.
  static SocketStep raw(std::string bytes) { return {Kind::raw, std::move(bytes)}; }
  static SocketStep ping(std::string payload) { return {Kind::ping, std::move(payload)}; }
  static SocketStep gate(std::string name) { return {Kind::gate, std::move(name)}; }
  static SocketStep stall() { return {Kind::stall}; }
  static SocketStep close(std::uint16_t code, std::string reason = {}) {
    return {Kind::close, std::move(reason), 1, code};
  }
  static SocketStep reset() { return {Kind::reset}; }
};

using SocketSteps = std::vector<SocketStep>;

// An HTTP reply said over a socket: the events of a stream become messages, an error becomes an
// `error` message with its status and headers; gates, closes, resets and stalls stay what they are.
// With the lane's stream_id in each event, if it has one.
SocketSteps socket_steps(const Reply& reply, std::string_view lane = {});

// One connection.
struct SocketScript {
  std::vector<SocketStep> before_handshake;  // gate, close, reset, stall or raw
  std::optional<Reply> refusal;              // instead of 101: status, headers, body; then closes
  SocketSteps on_open;
  // To the first message, the second, ...; nothing = as without a script.
  std::vector<std::optional<SocketSteps>> answers;
  bool deaf = false;  // reads nothing after the handshake, so it answers no ping and no close
};

struct SocketMessage {
  std::size_t connection = 0;  // 1 = the first handshake of all
  std::size_t number = 0;      // 1 = the first message of its connection
  bool binary = false;
  std::string text;

  Json json() const { return Json::parse(text, nullptr, /*allow_exceptions=*/false); }
};

}  // namespace responses_proxy::testing
