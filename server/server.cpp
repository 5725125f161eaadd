#include "server/server.h"

#include <fmt/format.h>

#include <thread>
#include <utility>

#include "responses_proxy/event_loop.h"
#include "server/control_relay.h"
#include "server/control_server.h"
#include "server/http_listener.h"

namespace responses_proxy {

namespace {

bool is_data_plane(std::string_view path) {
  return path == "/v1" || path.starts_with("/v1/");
}

}  // namespace

class Server::Impl {
 public:
  Impl(const Config& config, Runtime::Log log)
      : host_(config.host),
        runtime_(config, std::move(log)),
        control_(config.admin_bind, runtime_.control_plane(draining_)),
        listener_(runtime_.loops(), config.host, config.port, listener_limits_of(config),
                  runtime_.clock(), handlers()) {}

  ~Impl() { stop(); }

  void start() {
    control_.start();
    runtime_.start();
    listener_.start();
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    draining_ = true;
    listener_.drain();
    runtime_.drain();
    control_.stop();
    wait_for_last_connections();
    runtime_.stop();
  }

  void hurry() { runtime_.hurry(); }

  std::string url() const {
    const bool ipv6 = host_.find(':') != std::string::npos;
    return fmt::format("http://{}:{}", ipv6 ? "[" + host_ + "]" : host_, listener_.port());
  }
  std::string admin_url() const { return control_.url().empty() ? url() : control_.url(); }

 private:
  void serve(std::size_t loop, Request request, std::shared_ptr<ResponseWriter> writer) {
    if (is_data_plane(request.path) || control_.unix_socket().empty()) {
      runtime_.proxy().handle(std::move(request), std::move(writer));
    } else {
      relay_to_control_plane(runtime_.upstream(loop), control_.unix_socket(), std::move(request),
                             std::move(writer), relays_);
    }
  }

  ListenerHandlers handlers() {
    ListenerHandlers handlers;
    handlers.serve = [this](std::size_t loop, Request request,
                            std::shared_ptr<ResponseWriter> writer) {
      serve(loop, std::move(request), std::move(writer));
    };
    handlers.accepts_socket = [this](const Request& handshake) {
      return is_data_plane(handshake.path) && runtime_.proxy().accepts_socket(handshake);
    };
    handlers.open_socket = [this](Request handshake, std::shared_ptr<SocketWriter> writer) {
      return runtime_.proxy().open_socket(std::move(handshake), std::move(writer));
    };
    return handlers;
  }

  // The relays' upstream has gone, their loops only have to notice; WebSockets are in their closing
  // handshake.
  void wait_for_last_connections() {
    for (int i = 0; i < 100 && relays_ + listener_.open_sockets() > 0; ++i) {
      std::this_thread::sleep_for(Millis(20));
    }
  }

  const std::string host_;
  std::atomic<bool> draining_{false};
  std::atomic<std::size_t> relays_{0};  // to the control plane, under way
  Runtime runtime_;
  ControlServer control_;
  HttpListener listener_;
  bool stopped_ = false;
};

Server::Server(const Config& config, Runtime::Log log)
    : impl_(std::make_unique<Impl>(config, std::move(log))) {}
Server::~Server() = default;

void Server::start() {
  impl_->start();
}
void Server::stop() {
  impl_->stop();
}
void Server::hurry() {
  impl_->hurry();
}
std::string Server::url() const {
  return impl_->url();
}
std::string Server::admin_url() const {
  return impl_->admin_url();
}

}  // namespace responses_proxy
