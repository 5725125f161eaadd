// HttpListener: accepts clients on every event loop, each loop with a socket of its own
// (SO_REUSEPORT), so a connection is served on the thread that accepted it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "responses_proxy/event_loop.h"
#include "server/http_connection.h"

namespace responses_proxy {

class HttpListener {
 public:
  // Called on the loop of `loop_index`.
  using Serve = std::function<void(std::size_t loop_index, Request request,
                                   std::shared_ptr<ResponseWriter> writer)>;

  // Binds at once; throws std::runtime_error naming host and port when that fails. Port 0: any.
  HttpListener(EventLoops& loops, const std::string& host, std::uint16_t port, HttpLimits limits,
               const Clock& clock, Serve serve);
  // After the loops have stopped.
  ~HttpListener();

  std::uint16_t port() const { return port_; }
  void start();
  // No new connections; idle ones are closed, the others after their answer. From any thread.
  void drain();

 private:
  class LoopListener;
  const HttpLimits limits_;
  const Serve serve_;
  std::uint16_t port_ = 0;
  std::vector<std::shared_ptr<LoopListener>> listeners_;
};

}  // namespace responses_proxy
