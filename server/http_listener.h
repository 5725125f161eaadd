// HttpListener: accepts clients on every event loop, each loop with a socket of its own
// (SO_REUSEPORT) unless it was inherited, so a connection is served on the thread that accepted it,
// TLS included.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "responses_proxy/config.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/log.h"
#include "server/http_connection.h"
#include "server/listen_addresses.h"
#include "server/listener_tls.h"
#include "server/tls_handshakes.h"
#include "server/web_socket_connection.h"

namespace responses_proxy {

// What stands behind the listener; called on the loop of the client.
struct ListenerHandlers {
  std::function<void(std::size_t loop_index, Request request,
                     std::shared_ptr<ResponseWriter> writer)>
      serve;
  // A handshake that is not accepted is served like any request.
  std::function<bool(const Request& handshake)> accepts_socket;
  std::function<std::shared_ptr<SocketSession>(Request handshake,
                                               std::shared_ptr<SocketWriter> writer)>
      open_socket;
  // For errors that say no id of their own; nothing: they have none. From any loop.
  std::function<std::string()> new_request_id;
  // That no connection can be accepted: once in kAcceptTroublePause at most, per loop.
  Log log = ignore_log;
};

struct ListenerLimits {
  HttpLimits http;
  SocketLimits socket;
  HandshakeLimits handshakes;    // of TLS, per loop
  BrowserGuard::Rules browsers;  // `loopback` and `tls` are the listener's to find out
};
ListenerLimits listener_limits_of(const Config& config);

class HttpListener {
 public:
  static constexpr Millis kAcceptTroublePause{10'000};  // between two warnings

  // Binds at once, every address of a name; throws ListenError naming host and port when that
  // fails. With `tls`, which outlives it, clients speak TLS.
  HttpListener(EventLoops& loops, const ListenPlace& place, ListenerLimits limits,
               const Clock& clock, ListenerHandlers handlers, const ListenerTls* tls = nullptr);
  // After the loops have stopped.
  ~HttpListener();

  std::uint16_t port() const { return port_; }
  std::string host() const { return host_; }  // the first address
  void start();
  // No new connections; those there are end with their next answer. From any thread.
  void stop_accepting();
  // No new connections; idle ones are closed, the others after their answer or last turn. From any
  // thread.
  void drain();
  // WebSockets whose TCP connection is still open. From any thread.
  std::size_t open_sockets() const { return open_sockets_; }
  // Connections that are no WebSockets, to within a second. From any thread.
  std::size_t open_connections() const { return open_connections_; }

 private:
  class LoopListener;
  const ListenerLimits limits_;
  const ListenerHandlers handlers_;
  BrowserGuard guard_;
  std::atomic<std::size_t> open_sockets_{0};
  std::atomic<std::size_t> open_connections_{0};
  std::uint16_t port_ = 0;
  std::string host_;
  std::vector<std::shared_ptr<LoopListener>> listeners_;
};

}  // namespace responses_proxy
