#include "server/control_server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace responses_proxy {

ControlServer::ControlServer(const ControlPlaneContext& context)
    : server_(std::make_unique<httplib::Server>()) {
  configure_control_server(*server_);
  mount_control_plane(*server_, context);
  listen_on_unix_socket();
}

ControlServer::~ControlServer() {
  stop();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void ControlServer::listen_on_unix_socket() {
  std::string folder = (std::filesystem::temp_directory_path() / "rp-server-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    throw std::runtime_error(fmt::format("cannot make a folder for the control socket: {}",
                                         std::generic_category().message(errno)));
  }
  folder_ = folder;
  unix_socket_ = folder_ + "/control.sock";
  server_->set_address_family(AF_UNIX);
  // The port means nothing here, but 0 would be taken for "no port".
  if (!server_->bind_to_port(unix_socket_, 80)) {
    throw std::runtime_error(fmt::format("cannot listen on the control socket {}", unix_socket_));
  }
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
