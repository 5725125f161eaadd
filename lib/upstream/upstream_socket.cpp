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

}  // namespace

struct UpstreamSockets::Shared {
  UpstreamSocketOptions options;
  std::optional<boost::asio::ssl::context> tls;  // made when it is first needed
};

UpstreamSockets::UpstreamSockets(EventLoop& loop, const UpstreamSocketOptions& options)
    : loop_(loop), shared_(std::make_unique<Shared>(Shared{options, {}})) {
  if (!shared_->options.trust) shared_->options.trust = std::make_shared<UpstreamTrust>();
}

UpstreamSockets::~UpstreamSockets() = default;

std::unique_ptr<UpstreamSocket> UpstreamSockets::open(UpstreamSocketRequest request,
                                                      UpstreamSocketHandler& handler) {
  const UpstreamSocketOptions& options = shared_->options;
  // A URL that is none names no host, and so the look-up fails.
  SocketTarget target = parse_socket_target(request.url).value_or(SocketTarget{});
  std::shared_ptr<SocketConnection> connection;
  if (target.tls) {
    if (!shared_->tls) shared_->tls = make_tls_context();
    trust_in(*shared_->tls, *options.trust);
    connection = make_tls_socket(loop_, *shared_->tls, std::move(target), std::move(request),
                                 options, handler);
  } else {
    connection = std::make_shared<SocketTransport<tcp::socket>>(
        tcp::socket(loop_.context()), loop_, std::move(target), std::move(request), options,
        handler);
  }
  connection->start();
  return std::make_unique<SocketHandle>(std::move(connection));
}

}  // namespace responses_proxy
