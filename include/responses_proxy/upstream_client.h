// UpstreamClient: sends HTTP requests to providers.
//
// Role       One per event loop; keeps connections alive and shares them between exchanges.
// Threads    Everything, callbacks included, on the thread of its event loop.
// Ownership  start() returns the transfer; destroying it cancels at once and closes what cannot be
//            reused. The handler must outlive the transfer. A handler may destroy its transfer
//            inside any callback.
// Errors     on_end tells; nothing throws. Callbacks never run inside start().
// Answers    on_head once, with a final status (200 to 999), before any on_body; what has no such
//            head, or a framing that cannot be relied on (RFC 9112, 6.3), is `protocol`. A
//            "content-length" in the head is the number of bytes that on_body brings (a HEAD and a
//            304 have none to bring); no other field tells how the body was framed. Trailers are
//            dropped. Bodies come decoded: the request says "accept-encoding: identity", and a
//            coding that comes all the same is taken off, its field and the length with it; one
//            that nobody here knows is `protocol`. A request with an accept-encoding of its own
//            gets the answer as it came.
// Repeats    A kept connection that turns out dead is replaced unseen. Once a request that is not
//            idempotent has been sent it is never sent again: the upstream may have carried it out
//            (RFC 9112, 9.3.1).
// Early      An answer that is an error before the request's body has been sent ends the sending;
// answers    the answer is read, and its connection is not used again.
// Blocking   Never.
// Limits     At most kInboxBytes of an answer are held for a paused handler; beyond that the socket
//            is not read. A head, interim ones included, has at most kMaxHeadBytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/request.h"

namespace RP_PUBLIC responses_proxy {

struct UpstreamTimeouts {
  Millis connect{10'000};  // until the connection (and TLS) stands
  // Request sent until the answer's head is complete, whatever comes before: neither interim
  // answers nor single header lines renew it. 0 = only `total` limits it.
  Millis first_byte{0};
  // Between two reads of the body, and how long an upstream may take nothing of the request; 0 =
  // only `total` limits it.
  Millis idle{0};
  Millis total{600'000};  // the whole exchange
};

struct UpstreamRequest {
  std::string method;
  std::string url;
  // Connect there instead of to the URL's host: a path, or "@name" in Linux' abstract namespace;
  // "" = TCP.
  std::string unix_socket;
  Headers headers;        // without Content-Length; Host only if it is not the URL's
  std::string_view body;  // valid until the transfer ends or body_sent() is true
  UpstreamTimeouts timeouts;
  bool http2 = false;  // where the client can, and the upstream offers it
};

enum class UpstreamError : std::uint8_t {
  none,
  // No connection came about, after all addresses of the name were tried.
  connect,                 // for another reason than these:
  connect_name_not_found,  // the host's name has no address
  connect_refused,         // nobody listens there
  connect_unreachable,     // no route
  connect_tls,             // the handshake failed
  connect_certificate,     // the certificate is not of a trusted CA, not for this host, or expired
  out_of_descriptors,      // this process may open no more sockets; nothing the upstream did
  connect_timeout,
  first_byte_timeout,  // connected, but no answer
  idle_timeout,        // the answer stopped in the middle
  write_timeout,       // connected, but the upstream does not take the request
  total_timeout,
  closed,     // connection lost before the answer's head was complete
  truncated,  // connection lost in the middle of the body
  protocol,   // not HTTP, or HTTP that cannot be relied on
};
std::string_view to_string(UpstreamError error);
constexpr bool is_connect_failure(UpstreamError error) {
  return error >= UpstreamError::connect && error <= UpstreamError::connect_timeout;
}

struct UpstreamResult {
  UpstreamError error = UpstreamError::none;
  std::string detail;  // what the word does not say, for people; free of secrets; may be ""
  bool reused_connection = false;
  // Since the start, each 0 if it was not needed or came to nothing: the name had an address, the
  // connection stood, TLS stood.
  std::chrono::microseconds resolve_time{0};
  std::chrono::microseconds connect_time{0};
  std::chrono::microseconds tls_time{0};
};
// "connect_refused: nobody listens at 127.0.0.1:9000"; the word alone if there is no more to say.
std::string describe(UpstreamError error, std::string_view detail);

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
  static constexpr std::size_t kMaxHeadBytes = 256 * 1024;

  virtual ~UpstreamClient() = default;
  virtual std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                                  UpstreamHandler& handler) = 0;
};

class EventLoop;
class UpstreamTrust;

// Which client speaks to an upstream (PROXY_UPSTREAM_HTTP).
enum class UpstreamHttp : std::uint8_t {
  automatic,  // native, but libcurl where a proxy of the environment or HTTP/2 is asked for
  native,     // HTTP/1.1 on the event loop itself; no proxies
  curl,       // libcurl: HTTP/2 where it is offered, and the proxies of the environment
};

struct UpstreamClientOptions {
  std::size_t max_idle_connections = 256;           // kept alive per event loop
  std::shared_ptr<const UpstreamTrust> trust = {};  // null: the system's certificate authorities
  // false: private, loopback and link-local addresses are not connected to, whatever name leads
  // there.
  bool allow_private = true;
  UpstreamHttp http = UpstreamHttp::automatic;
};

// Reads the environment's proxies (`https_proxy`, `no_proxy`, ...) now, once. To be made before
// other threads change the environment.
std::unique_ptr<UpstreamClient> make_upstream_client(EventLoop& loop, const Clock& clock,
                                                     const UpstreamClientOptions& options = {});

}  // namespace responses_proxy
