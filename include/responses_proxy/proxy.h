// Proxy: runs whole exchanges: admit, route, recall, pick, translate, send, stream, record.
//
// Role       The third of the three levels an embedder can stop at (the others: Router +
//            LoadBalancer, Dialect). rp-server is a listener in front of this class.
// Threads    handle() from any thread. Called on one of the event loops it runs right there;
//            otherwise the exchange is posted to one of them. The writer is only called on that
//            loop.
// Ownership  The writer is shared with the exchange until it has ended.
// Errors     Every request gets an answer through its writer, and one record in the TelemetrySink.
// Blocking   handle() never blocks.
#pragma once

#include <cstddef>
#include <memory>

#include "responses_proxy/config.h"
#include "responses_proxy/export.h"
#include "responses_proxy/proxy_options.h"
#include "responses_proxy/request.h"
#include "responses_proxy/response_writer.h"
#include "responses_proxy/web_socket.h"

namespace RP_PUBLIC responses_proxy {

class Proxy {
 public:
  // Copies what it needs of the config. Throws std::invalid_argument when an event loop has no
  // upstream client.
  Proxy(const Config& config, ProxyOptions options);
  // No exchange may be under way: drain first, or stop the loops. What is posted to a loop and has
  // not run by then does not run any more.
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // Serves one /v1 request.
  void handle(Request request, std::shared_ptr<ResponseWriter> writer);

  // Whether this handshake on /v1/responses may become a WebSocket. If not, hand it to handle(),
  // which answers and records why.
  bool accepts_socket(const Request& handshake) const;
  // After the host has completed the handshake; call it on the event loop that the socket stays on
  // (anywhere else it throws std::logic_error).
  std::shared_ptr<SocketSession> open_socket(Request handshake,
                                             std::shared_ptr<SocketWriter> writer);
  std::size_t open_sockets() const;

  // Exchanges under way on all loops, WebSocket turns included.
  std::size_t active_exchanges() const;
  // Ends every exchange now: a stream gets response.failed, anything else is cut. From any thread.
  void cancel_all();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace responses_proxy
