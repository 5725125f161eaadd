// Server: the listener, the proxy behind it, and the control plane beside it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "responses_proxy/config.h"
#include "responses_proxy/runtime.h"
#include "server/inherited_sockets.h"

namespace responses_proxy {

class Server {
 public:
  static constexpr Millis kHandOver{2'000};

  // Binds the ports, where no sockets were inherited for them; throws std::runtime_error when one
  // cannot be bound. `on_record`: see RuntimeOptions.
  Server(const Config& config, Log log, std::function<void(const RequestRecord&)> on_record = {},
         InheritedSockets sockets = {});
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();
  // Stops accepting, lets running requests end within the drain timeout, writes the last records.
  // With inherited sockets, clients that are connected already have kHandOver for one more request
  // before that: whoever comes after this process takes those that connect from now on.
  void stop();
  // Makes a running stop() end its wait; from any thread.
  void hurry();

  // Reads the files again: certificates, certificate authorities, what is registered. What was
  // wrong with them, naming the variable; those of before are used then. "" = nothing.
  std::string reload();

  std::string url() const;        // "http://127.0.0.1:8000", or https://
  std::string admin_url() const;  // the same unless PROXY_ADMIN_BIND gives the control plane a port

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace responses_proxy
