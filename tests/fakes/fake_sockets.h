// UpstreamSockets without a network: the test plays the upstream, message by message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "responses_proxy/upstream_socket.h"

namespace responses_proxy::testing {

// A connection to the upstream, as the upstream sees it. A handler may end it in any callback.
struct FakeConnection {
  UpstreamSocketRequest request;
  UpstreamSocketHandler* handler = nullptr;  // null: the proxy has let go of it
  std::vector<std::string> sent;
  std::size_t unsent = 0;
  bool paused = false;

  bool gone() const { return handler == nullptr; }
  void open() { answer(101); }
  void open(const UpstreamSocketOpen& result) { handler->on_open(result); }
  void answer(int status) {
    UpstreamSocketOpen result;
    result.status = status;
    open(result);
  }
  void say(const std::string& message) { handler->on_message(message); }
  void close(int code) { handler->on_close(static_cast<std::uint16_t>(code), ""); }
};

class FakeSockets final : public UpstreamSockets {
 public:
  std::unique_ptr<UpstreamSocket> open(UpstreamSocketRequest request,
                                       UpstreamSocketHandler& handler) override {
    connections.push_back(std::make_shared<FakeConnection>());
    connections.back()->request = std::move(request);
    connections.back()->handler = &handler;
    return std::make_unique<Handle>(connections.back());
  }
  FakeConnection& last() { return *connections.back(); }

  std::vector<std::shared_ptr<FakeConnection>> connections;

 private:
  class Handle final : public UpstreamSocket {
   public:
    explicit Handle(std::shared_ptr<FakeConnection> connection)
        : connection_(std::move(connection)) {}
    ~Handle() override { connection_->handler = nullptr; }
    void send(std::string text) override { connection_->sent.push_back(std::move(text)); }
    std::size_t unsent_bytes() const override { return connection_->unsent; }
    void pause() override { connection_->paused = true; }
    void resume() override { connection_->paused = false; }
    void close() override {}

   private:
    const std::shared_ptr<FakeConnection> connection_;
  };
};

}  // namespace responses_proxy::testing
