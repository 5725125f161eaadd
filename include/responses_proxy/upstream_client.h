// UpstreamClient: sends HTTP requests to providers.
//
// Role       One per event loop; keeps connections alive and shares them between exchanges.
// Threads    Everything, callbacks included, on the thread of its event loop.
// Ownership  start() returns the transfer; destroying it cancels at once and closes what cannot be
//            reused. The handler must outlive the transfer. A handler may destroy its transfer
//            inside any callback.
// Errors     on_end tells; nothing throws. Callbacks never run inside start().
// Blocking   Never.
// Limits     At most kInboxBytes of an answer are held for a paused handler; beyond that the socket
//            is not read.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

struct UpstreamTimeouts {
  Millis connect{10'000};  // until the connection (and TLS) stands
  Millis first_byte{0};    // request sent until the answer's head; 0 = only `total` limits it
  Millis idle{0};          // between two reads of the body; 0 = only `total` limits it
  Millis total{600'000};   // the whole exchange
};

struct UpstreamRequest {
  std::string method;
  std::string url;
  // Connect there instead of to the URL's host: a path, or "@name" in Linux' abstract namespace;
  // "" = TCP.
  std::string unix_socket;
  Headers headers;        // Host and Content-Length are the client's own business
  std::string_view body;  // valid until the transfer ends or body_sent() is true
  UpstreamTimeouts timeouts;
};

enum class UpstreamError : std::uint8_t {
  none,
  connect,  // refused, unreachable, name not found, TLS handshake
  connect_timeout,
  first_byte_timeout,  // connected, but no answer
  idle_timeout,        // the answer stopped in the middle
  total_timeout,
  closed,     // connection lost before the answer's head was complete
  truncated,  // connection lost in the middle of the body
  protocol,   // not HTTP
};
std::string_view to_string(UpstreamError error);

struct UpstreamResult {
  UpstreamError error = UpstreamError::none;
  std::string detail;  // the transport's words, free of secrets
  bool reused_connection = false;
  std::chrono::microseconds connect_time{0};
};

class UpstreamHandler {
 public:
  virtual void on_head(int status, Headers headers) = 0;
  // false: do not deliver more until resume(). `bytes` is only valid during the call.
  virtual bool on_body(std::string_view bytes) = 0;
  virtual void on_end(const UpstreamResult& result) = 0;

 protected:
  ~UpstreamHandler() = default;
};

class UpstreamTransfer {
 public:
  virtual ~UpstreamTransfer() = default;
  virtual void resume() = 0;
  // True once the client no longer reads the request's body.
  virtual bool body_sent() const = 0;
};

class UpstreamClient {
 public:
  static constexpr std::size_t kInboxBytes = 64 * 1024;

  virtual ~UpstreamClient() = default;
  virtual std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                                  UpstreamHandler& handler) = 0;
};

class EventLoop;

struct UpstreamClientOptions {
  std::size_t max_idle_connections = 256;  // kept alive per event loop
};

// libcurl's multi interface on that loop.
std::unique_ptr<UpstreamClient> make_curl_upstream_client(EventLoop& loop, const Clock& clock,
                                                          UpstreamClientOptions options = {});

}  // namespace responses_proxy
