#include "server/http_listener.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <unordered_map>
#include <utility>

#include "server/listen_addresses.h"

namespace responses_proxy {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr Millis kDeadlineTick{1000};
constexpr Millis kAcceptPause{100};  // after running out of descriptors

std::vector<boost::asio::io_context*> contexts_of(EventLoops& loops) {
  std::vector<boost::asio::io_context*> contexts;
  for (std::size_t i = 0; i < loops.size(); ++i) contexts.push_back(&loops.at(i).context());
  return contexts;
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
  LoopListener(EventLoop& loop, std::size_t index, Acceptors acceptors,
               const ListenerLimits& limits, const BrowserGuard& guard, const Clock& clock,
               const ListenerHandlers& handlers, std::atomic<std::size_t>& open_sockets)
      : context_(loop.context()),
        index_(index),
        acceptors_(std::move(acceptors)),
        tick_(context_),
        limits_(limits),
        guard_(guard),
        clock_(clock),
        handlers_(handlers),
        open_sockets_(open_sockets) {}

  void start() {
    boost::asio::post(context_, [self = shared_from_this()] {
      for (tcp::acceptor& acceptor : self->acceptors_) self->accept(acceptor);
      self->tick();
    });
  }

  void drain() {
    boost::asio::post(context_, [self = shared_from_this()] {
      self->draining_ = true;
      error_code ignored;
      for (tcp::acceptor& acceptor : self->acceptors_) acceptor.close(ignored);
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
  void accept(tcp::acceptor& acceptor) {
    acceptor.async_accept(
        [self = shared_from_this(), &acceptor](const error_code& error, tcp::socket socket) {
          if (error == boost::asio::error::operation_aborted || self->draining_) return;
          if (!error) {
            self->add(std::move(socket));
            self->accept(acceptor);
            return;
          }
          self->warn(error);
          self->accept_later(acceptor);
        });
  }

  void accept_later(tcp::acceptor& acceptor) {
    auto pause = std::make_shared<boost::asio::steady_timer>(context_, kAcceptPause);
    pause->async_wait([self = shared_from_this(), pause, &acceptor](const error_code& stopped) {
      if (!stopped && !self->draining_) self->accept(acceptor);
    });
  }

  // Trouble of this process, most often; a client that left before it was accepted is none.
  void warn(const error_code& error) {
    if (error == boost::asio::error::connection_aborted) return;
    const SteadyTime now = clock_.steady();
    if (warned_ && now - *warned_ < kAcceptTroublePause) return;
    warned_ = now;
    const bool descriptors = error == boost::asio::error::no_descriptors;
    handlers_.log(
        {LogLevel::error,
         "accept_failed",
         fmt::format("cannot accept connections: {}{}", error.message(),
                     descriptors ? " (raise `ulimit -Hn`, or LimitNOFILE= of the service)" : ""),
         {{"problem", error.message()}}});
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
  Acceptors acceptors_;
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
    : limits_(std::move(limits)), handlers_(std::move(handlers)) {
  const ListenEndpoints endpoints = listen_endpoints(host, port);
  BrowserGuard::Rules rules = limits_.browsers;
  rules.loopback = all_loopback(endpoints);
  guard_ = BrowserGuard(std::move(rules));
  std::vector<Acceptors> acceptors = listen_on(contexts_of(loops), endpoints);
  port_ = acceptors.front().front().local_endpoint().port();
  for (std::size_t i = 0; i < loops.size(); ++i) {
    listeners_.push_back(std::make_shared<LoopListener>(
        loops.at(i), i, std::move(acceptors[i]), limits_, guard_, clock, handlers_, open_sockets_));
  }
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
