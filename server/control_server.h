// ControlServer: the control plane's own HTTP server, on a Unix socket for this process alone. What
// comes from the network reaches it through a listener only. The socket is in Linux' abstract
// namespace: it has no file that could be deleted or left behind (docs/adr/0016).
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "responses_proxy/control_plane.h"

namespace responses_proxy {

class ControlServer {
 public:
  // Throws std::runtime_error when it cannot listen.
  explicit ControlServer(const ControlPlaneContext& context);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  void start();
  void stop();

  const std::string& unix_socket() const { return unix_socket_; }  // "@name"

 private:
  void listen_on_unix_socket();

  std::unique_ptr<httplib::Server> server_;
  std::string unix_socket_;
  std::thread thread_;
};

}  // namespace responses_proxy
