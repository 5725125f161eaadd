#include "server/http_listener.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace responses_proxy {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr Millis kDeadlineTick{1000};
constexpr Millis kAcceptPause{100};  // after running out of descriptors

using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

tcp::endpoint resolve(boost::asio::io_context& context, const std::string& host,
                      std::uint16_t port) {
  error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (!error) return {address, port};
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(host, std::to_string(port), error);
  if (error || found.empty()) {
    throw std::runtime_error(fmt::format("cannot listen on {}: {}", host, error.message()));
  }
  return *found.begin();
}

tcp::acceptor bind(boost::asio::io_context& context, const tcp::endpoint& endpoint) {
  tcp::acceptor acceptor(context);
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error) {
    throw std::runtime_error(fmt::format("cannot listen on {}:{}: {}",
                                         endpoint.address().to_string(), endpoint.port(),
                                         error.message()));
  }
  return acceptor;
}

// SO_REUSEPORT lets a second process bind the same port without a word; find out first.
void check_free(boost::asio::io_context& context, const tcp::endpoint& endpoint) {
  if (endpoint.port() == 0) return;
  tcp::acceptor probe(context);
  error_code error;
  probe.open(endpoint.protocol(), error);
  if (!error) probe.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) probe.bind(endpoint, error);
  if (error) {
    throw std::runtime_error(fmt::format("cannot listen on {}:{}: {}",
                                         endpoint.address().to_string(), endpoint.port(),
                                         error.message()));
  }
}

}  // namespace

ListenerLimits listener_limits_of(const Config& config) {
  ListenerLimits limits;
  limits.http.max_body_bytes = config.max_body_bytes;
  limits.socket.max_message_bytes = config.websocket_max_message_bytes;
  limits.socket.idle_timeout = config.websocket_idle_timeout;
  limits.socket.max_age = config.websocket_max_age;
  limits.browsers.allowed_origins = config.allowed_origins;
  limits.browsers.allowed_hosts = config.allowed_hosts;
  return limits;
}

class HttpListener::LoopListener final : public ConnectionOwner,
                                         public SocketOwner,
                                         public std::enable_shared_from_this<LoopListener> {
 public:
  LoopListener(EventLoop& loop, std::size_t index, tcp::acceptor acceptor,
               const ListenerLimits& limits, const BrowserGuard& guard, const Clock& clock,
               const ListenerHandlers& handlers, std::atomic<std::size_t>& open_sockets)
      : context_(loop.context()),
        index_(index),
        acceptor_(std::move(acceptor)),
        pause_(context_),
        tick_(context_),
        limits_(limits),
        guard_(guard),
        clock_(clock),
        handlers_(handlers),
        open_sockets_(open_sockets) {}

  void start() {
    boost::asio::post(context_, [self = shared_from_this()] {
      self->accept();
      self->tick();
    });
  }

  void drain() {
    boost::asio::post(context_, [self = shared_from_this()] {
      self->draining_ = true;
      error_code ignored;
      self->acceptor_.close(ignored);
      for (const auto& connection : all(self->connections_)) connection->drain();
      for (const auto& socket : all(self->sockets_)) socket->drain();
    });
  }

  // After the loop has stopped: a session and its socket hold each other.
  void abandon_sockets() {
    for (const auto& socket : all(sockets_)) socket->abandon();
  }

  void serve(Request request, std::shared_ptr<ResponseWriter> writer) override {
    handlers_.serve(index_, std::move(request), std::move(writer));
  }
  bool accepts_socket(const Request& handshake) const override {
    return handlers_.accepts_socket && handlers_.accepts_socket(handshake);
  }
  void open_socket(tcp::socket socket, Request handshake) override {
    auto connection = make_web_socket_connection(std::move(socket), std::move(handshake),
                                                 limits_.socket, clock_, *this);
    sockets_.emplace(connection.get(), connection);
    ++open_sockets_;
    connection->start();
  }
  void on_connection_closed(HttpConnection& connection) override {
    connections_.erase(&connection);
  }
  bool draining() const override { return draining_; }
  std::shared_ptr<SocketSession> open_session(Request handshake,
                                              std::shared_ptr<SocketWriter> writer) override {
    return handlers_.open_socket(std::move(handshake), std::move(writer));
  }
  void on_socket_closed(WebSocketConnection& socket) override {
    sockets_.erase(&socket);
    --open_sockets_;
  }

 private:
  void accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](const error_code& error, tcp::socket socket) {
          if (error == boost::asio::error::operation_aborted || self->draining_) return;
          if (!error) {
            self->add(std::move(socket));
            self->accept();
            return;
          }
          self->warn(error);
          self->pause_.expires_after(kAcceptPause);
          self->pause_.async_wait([self](const error_code& stopped) {
            if (!stopped) self->accept();
          });
        });
  }

  // Trouble of this process, most often; a client that left before it was accepted is none.
  void warn(const error_code& error) {
    if (error == boost::asio::error::connection_aborted || !handlers_.warn) return;
    const SteadyTime now = clock_.steady();
    if (warned_ && now - *warned_ < kAcceptTroublePause) return;
    warned_ = now;
    const bool descriptors = error == boost::asio::error::no_descriptors;
    handlers_.warn(
        fmt::format("cannot accept connections: {}{}", error.message(),
                    descriptors ? " (raise `ulimit -n`, or LimitNOFILE= of the service)" : ""));
  }

  void add(tcp::socket socket) {
    auto connection =
        std::make_shared<HttpConnection>(std::move(socket), limits_.http, guard_, clock_, *this);
    connections_.emplace(connection.get(), connection);
    connection->start();
  }

  void tick() {
    tick_.expires_after(kDeadlineTick);
    tick_.async_wait([self = shared_from_this()](const error_code& stopped) {
      if (stopped) return;
      const SteadyTime now = self->clock_.steady();
      for (const auto& connection : all(self->connections_)) connection->check_deadline(now);
      for (const auto& socket : all(self->sockets_)) socket->check_deadline(now);
      self->tick();
    });
  }

  template <typename T>
  using Owned = std::unordered_map<T*, std::shared_ptr<T>>;

  // A copy: closing one takes it out of the map.
  template <typename T>
  static std::vector<std::shared_ptr<T>> all(const Owned<T>& owned) {
    std::vector<std::shared_ptr<T>> copy;
    copy.reserve(owned.size());
    for (const auto& [_, one] : owned) copy.push_back(one);
    return copy;
  }

  boost::asio::io_context& context_;
  const std::size_t index_;
  tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer tick_;
  const ListenerLimits& limits_;
  const BrowserGuard& guard_;
  const Clock& clock_;
  const ListenerHandlers& handlers_;
  std::atomic<std::size_t>& open_sockets_;
  bool draining_ = false;
  std::optional<SteadyTime> warned_;
  Owned<HttpConnection> connections_;
  Owned<WebSocketConnection> sockets_;
};

HttpListener::HttpListener(EventLoops& loops, const std::string& host, std::uint16_t port,
                           ListenerLimits limits, const Clock& clock, ListenerHandlers handlers)
    : limits_(limits), handlers_(std::move(handlers)) {
  tcp::endpoint endpoint = resolve(loops.at(0).context(), host, port);
  check_free(loops.at(0).context(), endpoint);
  BrowserGuard::Rules rules = limits_.browsers;
  rules.loopback = endpoint.address().is_loopback();
  guard_ = BrowserGuard(std::move(rules));
  for (std::size_t i = 0; i < loops.size(); ++i) {
    tcp::acceptor acceptor = bind(loops.at(i).context(), endpoint);
    endpoint.port(acceptor.local_endpoint().port());
    listeners_.push_back(std::make_shared<LoopListener>(
        loops.at(i), i, std::move(acceptor), limits_, guard_, clock, handlers_, open_sockets_));
  }
  port_ = endpoint.port();
}

HttpListener::~HttpListener() {
  for (const auto& listener : listeners_) listener->abandon_sockets();
}

void HttpListener::start() {
  for (const auto& listener : listeners_) listener->start();
}

void HttpListener::drain() {
  for (const auto& listener : listeners_) listener->drain();
}

}  // namespace responses_proxy
