#include "server/control_server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <stdexcept>

namespace responses_proxy {

ControlServer::ControlServer(const ControlPlaneContext& context)
    : server_(std::make_unique<httplib::Server>()) {
  configure_control_server(*server_);
  mount_control_plane(*server_, context);
  listen_on_unix_socket();
}

ControlServer::~ControlServer() {
  stop();
}

void ControlServer::listen_on_unix_socket() {
  std::random_device random;
  unix_socket_ = fmt::format("@rp-server-{}-{:08x}{:08x}", ::getpid(), random(), random());
  std::string name = unix_socket_;
  name.front() = '\0';  // how the kernel writes it
  server_->set_address_family(AF_UNIX);
  // The port means nothing here, but 0 would be taken for "no port".
  if (!server_->bind_to_port(name, 80)) {
    throw std::runtime_error(fmt::format("cannot listen on the control socket {}", unix_socket_));
  }
  // Everybody on this machine can connect to it; only this process has business there.
  server_->set_pre_routing_handler(
      [](const httplib::Request& request, httplib::Response& response) {
        // For a Unix socket it is the process id of the peer (SO_PEERCRED).
        if (request.remote_port == ::getpid()) return httplib::Server::HandlerResponse::Unhandled;
        response.status = 403;
        return httplib::Server::HandlerResponse::Handled;
      });
}

void ControlServer::start() {
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  // Connections queue up from the moment of binding; only stop() needs it to run already.
  while (!server_->is_running()) std::this_thread::yield();
}

void ControlServer::stop() {
  server_->stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace responses_proxy
