// SocketSession and SocketWriter: one client's WebSocket on /v1/responses.
//
// Role       The host does the handshake, frames, pings and time-outs; the proxy reads and writes
//            whole text messages. Each `response.create` a client sends is one exchange, with a
//            record of its own. https://platform.openai.com/docs/guides/websocket-mode
// Threads    All calls in both directions come from one thread: the event loop the session was
//            opened on.
// Ownership  The session shares the writer until on_closed(); the host shares the session.
// Errors     What a client does wrong is answered with an `error` message; nothing throws.
// Blocking   No call may block. A writer that has more queued than it wants returns false from send
//            and calls on_writable when it has drained. A session that reads a large message
//            returns false from on_message, and calls on_message_read when it has read it.
// Limits     kMaxActiveTurns at a time and kMaxLanes named lanes per socket, kMaxQueuedTurns wait;
//            Config::websocket_state_bytes of conversation are kept. The host bounds messages. All
//            that a socket makes the proxy hold: kMaxMessagesHeld.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

// Close codes of RFC 6455 section 7.4.1 that are used here.
namespace close_code {
inline constexpr std::uint16_t kNormal = 1000;
inline constexpr std::uint16_t kGoingAway = 1001;
inline constexpr std::uint16_t kProtocolError = 1002;
inline constexpr std::uint16_t kUnsupportedData = 1003;
inline constexpr std::uint16_t kAbnormal = 1006;  // never sent: the connection ended without one
inline constexpr std::uint16_t kInvalidText = 1007;
inline constexpr std::uint16_t kPolicyViolation = 1008;
inline constexpr std::uint16_t kTooBig = 1009;
inline constexpr std::uint16_t kServiceRestart = 1012;
}  // namespace close_code

// The downstream half, implemented by the host.
class SocketWriter {
 public:
  virtual ~SocketWriter() = default;
  // One text message, valid during the call. false: accepted, but wait for on_writable.
  virtual bool send(std::string_view text) = 0;
  // Of what was sent and the client has not taken.
  virtual std::size_t unsent_bytes() const = 0;
  // The last turn under way has ended: a host that is draining may close the socket now.
  virtual void on_idle() = 0;
  // The message is read for which on_message() has returned false: the next one may come.
  virtual void on_message_read() = 0;
};

// The proxy's half, made by Proxy::open_socket.
class SocketSession {
 public:
  static constexpr std::size_t kMaxActiveTurns = 16;
  static constexpr std::size_t kMaxLanes = 32;
  static constexpr std::size_t kMaxQueuedTurns = 64;
  // As many messages of Config::websocket_max_message_bytes a socket may bind here beside
  // websocket_state_bytes: waiting, in turns under way, or unsent in either direction. Only a turn
  // that runs alone may need more, for the whole conversation that it sends.
  static constexpr std::size_t kMaxMessagesHeld = 4;

  virtual ~SocketSession() = default;
  // A whole text message. May call the writer. false: it is large, and read while the loop goes on
  // with other things; no other message until SocketWriter::on_message_read(), so that their order
  // stays.
  virtual bool on_message(std::string text) = 0;
  // After a send that returned false.
  virtual void on_writable() = 0;
  // The client is gone: its turns end, and the session lets go of the writer. The last call.
  virtual void on_closed() = 0;
  // No turn is under way or waiting.
  virtual bool idle() const = 0;
};

}  // namespace responses_proxy
