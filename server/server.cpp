#include "server/server.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "config_values/value_parser.h"
#include "core/request_id.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/upstream_trust.h"
#include "route/endpoint.h"
#include "server/control_relay.h"
#include "server/control_server.h"
#include "server/http_listener.h"
#include "server/listener_tls.h"

namespace responses_proxy {

namespace {

constexpr Millis kPoll{20};

}  // namespace

class Server::Impl {
 public:
  Impl(const Config& config, Log log, std::function<void(const RequestRecord&)> on_record,
       InheritedSockets sockets)
      : log_(log),
        handed_over_(!sockets.serving.empty()),
        tls_(make_tls(config)),
        runtime_(config, {.log = std::move(log), .on_record = std::move(on_record)}),
        control_(runtime_.control_plane(draining_)),
        listener_(runtime_.loops(), {config.host, config.port, std::move(sockets.serving)},
                  listener_limits_of(config), runtime_.clock(), public_handlers(), tls_.get()),
        host_(handed_over_ ? listener_.host() : config.host) {
    warn_of_certificate();
    if (!config.admin_bind.empty() || !sockets.admin.empty()) {
      listen_for_admin(config, std::move(sockets.admin));
    }
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
    if (handed_over_) serve_last_requests();
    listener_.drain();
    runtime_.drain();
    if (admin_listener_) admin_listener_->drain();
    control_.stop();
    wait_for_last_connections();
    runtime_.stop();
  }

  void hurry() {
    hurried_ = true;
    runtime_.hurry();
  }

  std::string reload() {
    std::vector<std::string> problems;
    if (tls_) {
      tls_->reload();
      problems.push_back(tls_->problem());
      warn_of_certificate();
    }
    runtime_.upstream_trust().reload();
    problems.push_back(runtime_.upstream_trust().problem());
    problems.push_back(runtime_.reload_registry());
    std::erase(problems, "");
    return fmt::format("{}", fmt::join(problems, "; "));
  }

  std::string url() const { return url_of(host_, listener_.port()); }
  std::string admin_url() const {
    return admin_listener_ ? url_of(admin_host_, admin_listener_->port()) : url();
  }

 private:
  static std::unique_ptr<ListenerTls> make_tls(const Config& config) {
    if (config.tls_cert_file.empty()) return nullptr;
    auto tls = std::make_unique<ListenerTls>(ListenerTls::files_of(config));
    if (const std::string problem = tls->problem(); !problem.empty()) {
      throw std::runtime_error(problem);
    }
    return tls;
  }

  void warn_of_certificate() {
    if (!tls_) return;
    const std::string warning = tls_->warning(runtime_.clock().wall());
    if (!warning.empty()) log_({LogLevel::warning, "configuration", warning});
  }

  std::string url_of(const std::string& host, std::uint16_t port) const {
    const bool ipv6 = host.find(':') != std::string::npos;
    return fmt::format("{}://{}:{}", tls_ ? "https" : "http", ipv6 ? "[" + host + "]" : host, port);
  }

  void listen_for_admin(const Config& config, std::vector<int> sockets) {
    ListenPlace place{.host = {}, .sockets = std::move(sockets)};
    if (place.sockets.empty()) {
      const auto address = config::parse_host_port(config.admin_bind);
      if (!address) throw std::runtime_error("PROXY_ADMIN_BIND is not host:port");
      place.host = address->host;
      place.port = address->port;
    }
    ListenerHandlers handlers = handlers_of_both();
    handlers.serve = [this](std::size_t loop, Request request,
                            std::shared_ptr<ResponseWriter> writer) {
      relay(loop, std::move(request), std::move(writer));
    };
    admin_listener_ =
        std::make_unique<HttpListener>(runtime_.loops(), place, listener_limits_of(config),
                                       runtime_.clock(), std::move(handlers), tls_.get());
    admin_host_ = place.sockets.empty() ? place.host : admin_listener_->host();
  }

  void relay(std::size_t loop, Request request, std::shared_ptr<ResponseWriter> writer) {
    // The control plane, behind it, asks which pages are its own.
    if (tls_) request.headers.set("x-forwarded-proto", "https");
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

  // What the two listeners have in common.
  ListenerHandlers handlers_of_both() {
    ListenerHandlers handlers;
    handlers.new_request_id = [this] { return new_request_id(runtime_.clock().wall(), random_); };
    handlers.log = log_;
    return handlers;
  }

  ListenerHandlers public_handlers() {
    ListenerHandlers handlers = handlers_of_both();
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

  void serve_last_requests() {
    listener_.stop_accepting();
    const SteadyTime end = runtime_.clock().steady() + kHandOver;
    while (listener_.open_connections() > 0 && !hurried_ && runtime_.clock().steady() < end) {
      std::this_thread::sleep_for(kPoll);
    }
  }

  // The relays' upstream has gone, their loops only have to notice; WebSockets are in their closing
  // handshake.
  void wait_for_last_connections() {
    for (int i = 0; i < 100 && relays_ + listener_.open_sockets() > 0; ++i) {
      std::this_thread::sleep_for(kPoll);
    }
  }

  const Log log_;
  SeededRandom random_{random_seed()};  // of the ids of errors that no request stands behind
  const bool handed_over_;              // the sockets were inherited
  std::string admin_host_;
  const std::unique_ptr<ListenerTls> tls_;  // null: clients speak no TLS
  std::atomic<bool> draining_{false};
  std::atomic<std::size_t> relays_{0};  // to the control plane, under way
  Runtime runtime_;
  ControlServer control_;
  HttpListener listener_;
  const std::string host_;
  std::unique_ptr<HttpListener> admin_listener_;  // with PROXY_ADMIN_BIND
  bool stopped_ = false;
  std::atomic<bool> hurried_{false};
};

Server::Server(const Config& config, Log log, std::function<void(const RequestRecord&)> on_record,
               InheritedSockets sockets)
    : impl_(std::make_unique<Impl>(config, std::move(log), std::move(on_record),
                                   std::move(sockets))) {}
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
