// LaneUpstream: the WebSocket to a provider that a lane keeps between its turns.
//
// Between turns nobody claims its messages: they go to the client as they come.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/upstream_socket.h"

namespace responses_proxy {

class LaneUpstream final : private UpstreamSocketHandler {
 public:
  using Unclaimed = std::function<void(std::string_view message)>;

  LaneUpstream(UpstreamSockets& sockets, UpstreamSocketRequest request, std::string resource_id,
               SteadyTime now, Unclaimed unclaimed)
      : resource_id_(std::move(resource_id)), opened_at_(now), unclaimed_(std::move(unclaimed)) {
    socket_ = sockets.open(std::move(request), *this);
  }

  const std::string& resource_id() const { return resource_id_; }
  bool alive() const { return socket_ != nullptr; }
  SteadyTime opened_at() const { return opened_at_; }
  // The response that the upstream remembers for this connection.
  const std::string& latest_response() const { return latest_response_; }
  void set_latest_response(std::string id) { latest_response_ = std::move(id); }

  // The turn under way hears of everything; it may destroy this object in any of its callbacks.
  void claim(UpstreamSocketHandler& turn) { turn_ = &turn; }
  void release() { turn_ = nullptr; }

  void send(std::string message) {
    if (socket_) socket_->send(std::move(message));
  }
  std::size_t unsent_bytes() const { return socket_ ? socket_->unsent_bytes() : 0; }
  void pause() {
    if (socket_) socket_->pause();
  }
  void resume() {
    if (socket_) socket_->resume();
  }

 private:
  void on_open(const UpstreamSocketOpen& result) override {
    if (turn_ != nullptr) {
      turn_->on_open(result);
    } else if (result.status != 101) {
      socket_.reset();
    }
  }
  void on_message(std::string_view message) override {
    if (turn_ != nullptr) {
      turn_->on_message(message);
    } else {
      unclaimed_(message);
    }
  }
  void on_close(std::uint16_t code, const std::string& reason) override {
    if (turn_ != nullptr) {
      turn_->on_close(code, reason);
    } else {
      socket_.reset();
    }
  }

  const std::string resource_id_;
  const SteadyTime opened_at_;
  const Unclaimed unclaimed_;
  std::string latest_response_;
  UpstreamSocketHandler* turn_ = nullptr;
  std::unique_ptr<UpstreamSocket> socket_;
};

}  // namespace responses_proxy
