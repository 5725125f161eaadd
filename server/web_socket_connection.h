// WebSocketConnection: one client's WebSocket on one event loop, over frames of our
// own (web_socket/).
//
// It completes the handshake, opens a session with the owner, and then hands it whole text messages
// one at a time; it is the session's SocketWriter. It waits for bytes at all times, except while
// the client does not take what was sent: then no further message is read, and the stuck write
// tells when the client has gone; and while the session reads a large message. Bytes are read into
// a buffer that all sockets of a loop share.
//
// Limits: SocketLimits. What the client does not read holds at most kHighWater bytes plus one
// message here, then the session is told to wait; what has been read behind a message that stops
// the reading is kSocketReadBytes at most. Time-outs are looked at by check_deadline, so an
// idle socket costs no timer. docs/adr/0011-websocket.md has the memory per socket.
#pragma once

#include <cstddef>
#include <memory>

#include "responses_proxy/clock.h"
#include "responses_proxy/request.h"
#include "responses_proxy/web_socket.h"
#include "server/client_socket.h"

namespace responses_proxy {

struct SocketLimits {
  std::size_t max_message_bytes = 16 * 1024 * 1024;  // after decompression
  Millis idle_timeout{3'600'000};                    // without a turn
  Millis max_age{0};                                 // then closed between two turns; 0 = no limit
  Millis ping_after{30'000};                         // without a byte from the client
  Millis pong_timeout{60'000};                       // without one after that ping
  Millis write_timeout{300'000};                     // for the client to take one write
  Millis close_timeout{5'000};                       // for its half of the closing handshake
};

class WebSocketConnection {
 public:
  static constexpr std::size_t kHighWater = 64 * 1024;

  virtual ~WebSocketConnection() = default;
  virtual void start() = 0;
  // Called about once a second.
  virtual void check_deadline(SteadyTime now) = 0;
  // Closes the socket if no turn is under way; otherwise after the last one.
  virtual void drain() = 0;
  // The loop has stopped: lets go of the session without another call to it.
  virtual void abandon() = 0;
};

// What a socket needs from its listener; same loop.
class SocketOwner {
 public:
  virtual std::shared_ptr<SocketSession> open_session(Request handshake,
                                                      std::shared_ptr<SocketWriter> writer) = 0;
  virtual void on_socket_closed(WebSocketConnection& connection) = 0;
  virtual bool draining() const = 0;

 protected:
  ~SocketOwner() = default;
};

// `handshake` was found to be one (web_socket_handshake.h); it has not been answered yet.
std::shared_ptr<WebSocketConnection> make_web_socket_connection(
    std::unique_ptr<ClientSocket> socket, Request handshake, const SocketLimits& limits,
    const Clock& clock, SocketOwner& owner);

}  // namespace responses_proxy
