// ControlServer: the control plane's own HTTP server, on a private Unix socket. What comes from the
// network reaches it through a listener only.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "responses_proxy/control_plane.h"

namespace responses_proxy {

class ControlServer {
 public:
  // In a folder only this user can enter. Throws std::runtime_error when it cannot listen there.
  explicit ControlServer(const ControlPlaneContext& context);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  void start();
  void stop();

  const std::string& unix_socket() const { return unix_socket_; }

 private:
  void listen_on_unix_socket();

  std::unique_ptr<httplib::Server> server_;
  std::string folder_;
  std::string unix_socket_;
  std::thread thread_;
};

}  // namespace responses_proxy
