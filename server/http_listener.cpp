#include "server/http_listener.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>

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
               const ListenerHandlers& handlers, const ListenerTls* tls,
               std::atomic<std::size_t>& open_sockets, std::atomic<std::size_t>& open_connections)
      : context_(loop.context()),
        index_(index),
        acceptors_(std::move(acceptors)),
        tick_(context_),
        limits_(limits),
        guard_(guard),
        clock_(clock),
        handlers_(handlers),
        open_sockets_(open_sockets),
        open_connections_(open_connections) {
    SocketPoller::of(context_);  // needs a descriptor
    if (tls != nullptr) {
      handshakes_ = std::make_shared<TlsHandshakes>(*tls, limits.handshakes, clock,
                                                    [this](tcp::socket socket, TlsSession session) {
                                                      add(std::move(socket), std::move(session));
                                                    });
    }
  }

  void start() {
    boost::asio::post(context_, [self = shared_from_this()] {
      for (tcp::acceptor& acceptor : self->acceptors_) self->accept(acceptor);
      self->tick();
    });
  }

  void stop_accepting() {
    boost::asio::post(context_, [self = shared_from_this()] { self->close_acceptors(); });
  }

  void drain() {
    boost::asio::post(context_, [self = shared_from_this()] {
      self->close_acceptors();
      self->refusing_ = true;
      if (self->handshakes_) self->handshakes_->close_all();
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
  void open_socket(std::unique_ptr<ClientSocket> socket, Request handshake) override {
    auto connection = make_web_socket_connection(std::move(socket), std::move(handshake),
                                                 limits_.socket, clock_, *this);
    sockets_.emplace(connection.get(), connection);
    ++open_sockets_;
    connection->start();
  }
  void on_connection_closed(HttpConnection& connection) override {
    connections_.erase(&connection);
    count_connections();
  }
  bool draining() const override { return draining_; }
  std::string new_request_id() override {
    return handlers_.new_request_id ? handlers_.new_request_id() : std::string();
  }
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
          // One that was accepted in the last moment is served, if any are.
          if (!error && !self->refusing_) self->take(std::move(socket));
          if (error == boost::asio::error::operation_aborted || self->draining_) return;
          if (!error) return self->accept(acceptor);
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

  void take(tcp::socket socket) {
    if (handshakes_) {
      handshakes_->start(std::move(socket));
      count_connections();
    } else {
      add(std::move(socket), nullptr);
    }
  }

  void add(tcp::socket accepted, TlsSession tls) {
    std::unique_ptr<ClientSocket> socket;
    try {
      socket = std::make_unique<ClientSocket>(std::move(accepted), std::move(tls));
    } catch (const std::system_error& problem) {
      return warn(error_code(problem.code().value(), boost::system::system_category()));
    }
    auto connection =
        std::make_shared<HttpConnection>(std::move(socket), limits_.http, guard_, clock_, *this);
    connections_.emplace(connection.get(), connection);
    count_connections();
    connection->start();
  }

  void close_acceptors() {
    draining_ = true;
    error_code ignored;
    for (tcp::acceptor& acceptor : acceptors_) acceptor.close(ignored);
  }

  // Of this loop, in the sum of all.
  void count_connections() {
    const std::size_t open = connections_.size() + (handshakes_ ? handshakes_->pending() : 0);
    open_connections_ += open - std::exchange(counted_, open);
  }

  void tick() {
    tick_.expires_after(kDeadlineTick);
    tick_.async_wait([self = shared_from_this()](const error_code& stopped) {
      if (stopped) return;
      const SteadyTime now = self->clock_.steady();
      if (self->handshakes_) self->handshakes_->check_deadlines(now);
      for (const auto& connection : all(self->connections_)) connection->check_deadline(now);
      for (const auto& socket : all(self->sockets_)) socket->check_deadline(now);
      self->count_connections();
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
  std::atomic<std::size_t>& open_connections_;
  std::size_t counted_ = 0;
  bool draining_ = false;  // nothing is accepted, and every answer is the last one
  bool refusing_ = false;  // what was accepted all the same is closed
  std::optional<SteadyTime> warned_;
  std::shared_ptr<TlsHandshakes> handshakes_;  // null: clients speak no TLS
  Owned<HttpConnection> connections_;
  Owned<WebSocketConnection> sockets_;
};

HttpListener::HttpListener(EventLoops& loops, const ListenPlace& place, ListenerLimits limits,
                           const Clock& clock, ListenerHandlers handlers, const ListenerTls* tls)
    : limits_(std::move(limits)), handlers_(std::move(handlers)) {
  const ListenEndpoints endpoints = listen_endpoints(place);
  BrowserGuard::Rules rules = limits_.browsers;
  rules.loopback = all_loopback(endpoints);
  rules.tls = tls != nullptr;
  guard_ = BrowserGuard(std::move(rules));
  std::vector<Acceptors> acceptors = place.sockets.empty()
                                         ? listen_on(contexts_of(loops), endpoints)
                                         : accept_from(contexts_of(loops), place.sockets);
  const tcp::endpoint first = acceptors.front().front().local_endpoint();
  port_ = first.port();
  host_ = first.address().to_string();
  for (std::size_t i = 0; i < loops.size(); ++i) {
    listeners_.push_back(std::make_shared<LoopListener>(loops.at(i), i, std::move(acceptors[i]),
                                                        limits_, guard_, clock, handlers_, tls,
                                                        open_sockets_, open_connections_));
  }
}

HttpListener::~HttpListener() {
  for (const auto& listener : listeners_) listener->abandon_sockets();
}

void HttpListener::start() {
  for (const auto& listener : listeners_) listener->start();
}

void HttpListener::stop_accepting() {
  for (const auto& listener : listeners_) listener->stop_accepting();
}

void HttpListener::drain() {
  for (const auto& listener : listeners_) listener->drain();
}

}  // namespace responses_proxy
