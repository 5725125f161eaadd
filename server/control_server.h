// ControlServer: the control plane's own HTTP server, on a private Unix socket or a port of its
// own.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "responses_proxy/control_plane.h"

namespace responses_proxy {

class ControlServer {
 public:
  // `bind`: "host:port", or "" for a Unix socket in a folder only this user can enter.
  // Throws std::runtime_error when it cannot listen there.
  ControlServer(const std::string& bind, const ControlPlaneContext& context);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  void start();
  void stop();

  const std::string& unix_socket() const { return unix_socket_; }  // "" with a port of its own
  const std::string& url() const { return url_; }                  // "" with a Unix socket

 private:
  void listen_on_unix_socket();
  void listen_on_port(const std::string& bind);

  std::unique_ptr<httplib::Server> server_;
  std::string folder_;
  std::string unix_socket_;
  std::string url_;
  std::thread thread_;
};

}  // namespace responses_proxy
