#include "responses_proxy/upstream_socket.h"

#include <utility>

#include "upstream/socket_connection.h"

namespace responses_proxy {

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
  LoopSockets(EventLoop& loop, const Clock& clock, UpstreamSocketOptions options)
      : tools_(std::make_shared<SocketTools>(loop, clock, std::move(options))) {}

  std::unique_ptr<UpstreamSocket> open(UpstreamSocketRequest request,
                                       UpstreamSocketHandler& handler) override {
    auto connection = std::make_shared<SocketConnection>(tools_, std::move(request), handler);
    connection->start();
    return std::make_unique<SocketHandle>(std::move(connection));
  }

 private:
  const std::shared_ptr<SocketTools> tools_;
};

}  // namespace

std::unique_ptr<UpstreamSockets> make_upstream_sockets(EventLoop& loop, const Clock& clock,
                                                       UpstreamSocketOptions options) {
  return std::make_unique<LoopSockets>(loop, clock, std::move(options));
}

}  // namespace responses_proxy
