#include "responses_proxy/upstream_socket.h"

#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "responses_proxy/upstream_trust.h"
#include "upstream/socket_transport.h"
#include "upstream/tls_socket.h"

namespace responses_proxy {

using boost::asio::ip::tcp;

namespace {

// What the caller holds.
class SocketHandle final : public UpstreamSocket {
 public:
  explicit SocketHandle(std::shared_ptr<SocketConnection> connection)
      : connection_(std::move(connection)) {}
  ~SocketHandle() override { connection_->abandon(); }

  void send(std::string text) override { connection_->send(std::move(text)); }
  std::size_t unsent_bytes() const override { return connection_->unsent_bytes(); }
  void pause() override { connection_->pause(); }
  void resume() override { connection_->resume(); }
  void close() override { connection_->close(); }

 private:
  const std::shared_ptr<SocketConnection> connection_;
};

class LoopSockets final : public UpstreamSockets {
 public:
  LoopSockets(EventLoop& loop, UpstreamSocketOptions options)
      : loop_(loop), options_(std::move(options)) {
    if (!options_.trust) options_.trust = std::make_shared<UpstreamTrust>();
  }

  std::unique_ptr<UpstreamSocket> open(UpstreamSocketRequest request,
                                       UpstreamSocketHandler& handler) override;

 private:
  EventLoop& loop_;
  UpstreamSocketOptions options_;
  std::optional<boost::asio::ssl::context> tls_;  // made when it is first needed
};

std::unique_ptr<UpstreamSocket> LoopSockets::open(UpstreamSocketRequest request,
                                                  UpstreamSocketHandler& handler) {
  // A URL that is none names no host, and so the look-up fails.
  SocketTarget target = parse_socket_target(request.url).value_or(SocketTarget{});
  std::shared_ptr<SocketConnection> connection;
  if (target.tls) {
    if (!tls_) tls_ = make_tls_context();
    trust_in(*tls_, *options_.trust);
    connection =
        make_tls_socket(loop_, *tls_, std::move(target), std::move(request), options_, handler);
  } else {
    connection = std::make_shared<SocketTransport<tcp::socket>>(
        tcp::socket(loop_.context()), loop_, std::move(target), std::move(request), options_,
        handler);
  }
  connection->start();
  return std::make_unique<SocketHandle>(std::move(connection));
}

}  // namespace

std::unique_ptr<UpstreamSockets> make_upstream_sockets(EventLoop& loop,
                                                       UpstreamSocketOptions options) {
  return std::make_unique<LoopSockets>(loop, std::move(options));
}

}  // namespace responses_proxy
