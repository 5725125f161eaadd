#include "server/server.h"

#include <fmt/format.h>

#include <stdexcept>
#include <thread>
#include <utility>

#include "config_values/value_parser.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_trust.h"
#include "route/endpoint.h"
#include "server/control_relay.h"
#include "server/control_server.h"
#include "server/http_listener.h"

namespace responses_proxy {

class Server::Impl {
 public:
  Impl(const Config& config, Log log, std::function<void(const RequestRecord&)> on_record)
      : log_(log),
        host_(config.host),
        runtime_(config, {.log = std::move(log), .on_record = std::move(on_record)}),
        control_(runtime_.control_plane(draining_)),
        listener_(runtime_.loops(), config.host, config.port, listener_limits_of(config),
                  runtime_.clock(), public_handlers()) {
    if (!config.admin_bind.empty()) listen_for_admin(config);
  }

  ~Impl() { stop(); }

  void start() {
    control_.start();
    runtime_.start();
    listener_.start();
    if (admin_listener_) admin_listener_->start();
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    draining_ = true;
    listener_.drain();
    runtime_.drain();
    if (admin_listener_) admin_listener_->drain();
    control_.stop();
    wait_for_last_connections();
    runtime_.stop();
  }

  void hurry() { runtime_.hurry(); }

  std::string reload() {
    runtime_.upstream_trust().reload();
    std::string problem = runtime_.upstream_trust().problem();
    const std::string registry = runtime_.reload_registry();
    if (!problem.empty() && !registry.empty()) problem += "; ";
    return problem + registry;
  }

  std::string url() const { return url_of(host_, listener_.port()); }
  std::string admin_url() const {
    return admin_listener_ ? url_of(admin_host_, admin_listener_->port()) : url();
  }

 private:
  static std::string url_of(const std::string& host, std::uint16_t port) {
    const bool ipv6 = host.find(':') != std::string::npos;
    return fmt::format("http://{}:{}", ipv6 ? "[" + host + "]" : host, port);
  }

  void listen_for_admin(const Config& config) {
    const auto address = config::parse_host_port(config.admin_bind);
    if (!address) throw std::runtime_error("PROXY_ADMIN_BIND is not host:port");
    admin_host_ = address->host;
    ListenerHandlers handlers;
    handlers.serve = [this](std::size_t loop, Request request,
                            std::shared_ptr<ResponseWriter> writer) {
      relay(loop, std::move(request), std::move(writer));
    };
    handlers.log = log_;
    admin_listener_ = std::make_unique<HttpListener>(runtime_.loops(), address->host, address->port,
                                                     listener_limits_of(config), runtime_.clock(),
                                                     std::move(handlers));
  }

  void relay(std::size_t loop, Request request, std::shared_ptr<ResponseWriter> writer) {
    relay_to_control_plane(runtime_.upstream(loop), control_.unix_socket(), std::move(request),
                           std::move(writer), relays_);
  }

  void serve(std::size_t loop, Request request, std::shared_ptr<ResponseWriter> writer) {
    if (is_data_plane(request.path) || admin_listener_) {
      runtime_.proxy().handle(std::move(request), std::move(writer));
    } else {
      relay(loop, std::move(request), std::move(writer));
    }
  }

  ListenerHandlers public_handlers() {
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
    handlers.log = log_;
    return handlers;
  }

  // The relays' upstream has gone, their loops only have to notice; WebSockets are in their closing
  // handshake.
  void wait_for_last_connections() {
    for (int i = 0; i < 100 && relays_ + listener_.open_sockets() > 0; ++i) {
      std::this_thread::sleep_for(Millis(20));
    }
  }

  const Log log_;
  const std::string host_;
  std::string admin_host_;
  std::atomic<bool> draining_{false};
  std::atomic<std::size_t> relays_{0};  // to the control plane, under way
  Runtime runtime_;
  ControlServer control_;
  HttpListener listener_;
  std::unique_ptr<HttpListener> admin_listener_;  // with PROXY_ADMIN_BIND
  bool stopped_ = false;
};

Server::Server(const Config& config, Log log, std::function<void(const RequestRecord&)> on_record)
    : impl_(std::make_unique<Impl>(config, std::move(log), std::move(on_record))) {}
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
std::string Server::reload() {
  return impl_->reload();
}
std::string Server::url() const {
  return impl_->url();
}
std::string Server::admin_url() const {
  return impl_->admin_url();
}

}  // namespace responses_proxy
