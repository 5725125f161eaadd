#include "server/http_listener.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
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

class HttpListener::LoopListener final : public ConnectionOwner,
                                         public std::enable_shared_from_this<LoopListener> {
 public:
  LoopListener(EventLoop& loop, std::size_t index, tcp::acceptor acceptor, const HttpLimits& limits,
               const Clock& clock, const Serve& serve)
      : context_(loop.context()),
        index_(index),
        acceptor_(std::move(acceptor)),
        pause_(context_),
        tick_(context_),
        limits_(limits),
        clock_(clock),
        serve_(serve) {}

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
      for (const auto& connection : self->all()) connection->drain();
    });
  }

  void serve(Request request, std::shared_ptr<ResponseWriter> writer) override {
    serve_(index_, std::move(request), std::move(writer));
  }
  void on_connection_closed(HttpConnection& connection) override {
    connections_.erase(&connection);
  }
  bool draining() const override { return draining_; }

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
          self->pause_.expires_after(kAcceptPause);
          self->pause_.async_wait([self](const error_code& stopped) {
            if (!stopped) self->accept();
          });
        });
  }

  void add(tcp::socket socket) {
    auto connection = std::make_shared<HttpConnection>(std::move(socket), limits_, clock_, *this);
    connections_.emplace(connection.get(), connection);
    connection->start();
  }

  void tick() {
    tick_.expires_after(kDeadlineTick);
    tick_.async_wait([self = shared_from_this()](const error_code& stopped) {
      if (stopped) return;
      const SteadyTime now = self->clock_.steady();
      for (const auto& connection : self->all()) connection->check_deadline(now);
      self->tick();
    });
  }

  // A copy: closing a connection takes it out of connections_.
  std::vector<std::shared_ptr<HttpConnection>> all() const {
    std::vector<std::shared_ptr<HttpConnection>> connections;
    connections.reserve(connections_.size());
    for (const auto& [_, connection] : connections_) connections.push_back(connection);
    return connections;
  }

  boost::asio::io_context& context_;
  const std::size_t index_;
  tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer tick_;
  const HttpLimits& limits_;
  const Clock& clock_;
  const Serve& serve_;
  bool draining_ = false;
  std::unordered_map<HttpConnection*, std::shared_ptr<HttpConnection>> connections_;
};

HttpListener::HttpListener(EventLoops& loops, const std::string& host, std::uint16_t port,
                           HttpLimits limits, const Clock& clock, Serve serve)
    : limits_(limits), serve_(std::move(serve)) {
  tcp::endpoint endpoint = resolve(loops.at(0).context(), host, port);
  check_free(loops.at(0).context(), endpoint);
  for (std::size_t i = 0; i < loops.size(); ++i) {
    tcp::acceptor acceptor = bind(loops.at(i).context(), endpoint);
    endpoint.port(acceptor.local_endpoint().port());
    listeners_.push_back(std::make_shared<LoopListener>(loops.at(i), i, std::move(acceptor),
                                                        limits_, clock, serve_));
  }
  port_ = endpoint.port();
}

HttpListener::~HttpListener() = default;

void HttpListener::start() {
  for (const auto& listener : listeners_) listener->start();
}

void HttpListener::drain() {
  for (const auto& listener : listeners_) listener->drain();
}

}  // namespace responses_proxy
