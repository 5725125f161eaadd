// UpstreamSockets: WebSocket connections to providers.
//
// Role       One per event loop. Connects, shakes hands, exchanges whole text messages.
// Threads    Everything, callbacks included, on the thread of its event loop.
// Ownership  open() returns the socket; destroying it closes abruptly, and no callback comes
//            afterwards. The handler outlives the socket and may destroy it inside any callback.
//            Sockets may outlive what opened them, not the loop.
// Errors     on_open and on_close tell; nothing throws. Callbacks never run inside a call.
// Blocking   Never; names are looked up on Asio's own thread.
// Limits     Messages of kMaxMessageBytes; kMaxQueuedBytes wait to be sent; refusals are read up to
//            kMaxRefusalBytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/export.h"
#include "responses_proxy/request.h"
#include "responses_proxy/upstream_client.h"

namespace RP_PUBLIC responses_proxy {

struct UpstreamSocketRequest {
  std::string url;  // http:// or https://, as a dialect makes it; spoken as ws or wss
  Headers headers;  // without Host, Connection, Upgrade and Sec-WebSocket-*
  Millis connect_timeout{10'000};  // until the handshake is complete
};

// How the handshake went.
struct UpstreamSocketOpen {
  UpstreamError error = UpstreamError::none;  // none, connect..., closed, protocol
  std::string detail;                         // as in UpstreamResult
  int status = 0;  // 101, or what the upstream answered instead; 0 = no answer (see error)
  Headers headers;
  std::string body;  // of a refusal, decoded
};

class UpstreamSocketHandler {
 public:
  // Once. Unless the status is 101 the socket is dead and nothing else follows.
  virtual void on_open(const UpstreamSocketOpen& result) = 0;
  // A whole text message, valid during the call.
  virtual void on_message(std::string_view text) = 0;
  // Once, after an open. The peer's code (1005: it gave none), or 1006 when the connection ended
  // without a close frame or fell silent; 1002, 1003, 1007 and 1009 when we closed it for what the
  // peer sent. Messages that had arrived before come first.
  virtual void on_close(std::uint16_t code, const std::string& reason) = 0;

 protected:
  ~UpstreamSocketHandler() = default;
};

class UpstreamSocket {
 public:
  static constexpr std::size_t kMaxMessageBytes = 64 * 1024 * 1024;
  static constexpr std::size_t kMaxQueuedBytes = 64 * 1024 * 1024;
  static constexpr std::size_t kMaxRefusalBytes = 64 * 1024;

  virtual ~UpstreamSocket() = default;
  // One text message; before the open it waits. Beyond kMaxQueuedBytes the socket ends with 1006.
  virtual void send(std::string text) = 0;
  // Of what was sent and the peer has not taken.
  virtual std::size_t unsent_bytes() const = 0;
  // No message is delivered until resume(), and of the next one a piece is read at most. An
  // on_close may still come.
  virtual void pause() = 0;
  virtual void resume() = 0;
  // Says goodbye with 1000 once all is sent; no message comes any more, and on_close within
  // UpstreamSocketOptions::close_wait.
  virtual void close() = 0;
};

struct UpstreamSocketOptions {
  std::shared_ptr<const UpstreamTrust> trust = {};  // null: the system's certificate authorities
  Millis ping_after{30'000};  // of silence; twice as long means that the peer is gone
  Millis close_wait{5'000};   // for the peer to take the rest and to answer our close frame
  bool allow_private = true;  // as UpstreamClientOptions
};

class UpstreamSockets {
 public:
  virtual ~UpstreamSockets() = default;
  virtual std::unique_ptr<UpstreamSocket> open(UpstreamSocketRequest request,
                                               UpstreamSocketHandler& handler) = 0;
};

// On that loop; the clock outlives the sockets.
std::unique_ptr<UpstreamSockets> make_upstream_sockets(EventLoop& loop, const Clock& clock,
                                                       UpstreamSocketOptions options = {});

}  // namespace responses_proxy
