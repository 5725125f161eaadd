// ClientSession: the proxy's half of one client's socket: its lanes and the turns in them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/web_socket/socket_turn.h"
#include "responses_proxy/web_socket.h"

namespace responses_proxy {

class ClientSession final : public SocketSession,
                            public TurnOwner,
                            public std::enable_shared_from_this<ClientSession> {
 public:
  // Starts the exchange of a turn.
  using Run = std::function<void(Request request, std::shared_ptr<SocketTurn> turn)>;

  ClientSession(const SocketServices& services, Request handshake,
                std::shared_ptr<SocketWriter> writer, Run run,
                std::shared_ptr<std::atomic<std::size_t>> open_sockets);
  ~ClientSession() override { open_sockets_->fetch_sub(1, std::memory_order_relaxed); }

  bool on_message(std::string text) override;
  void on_writable() override;
  void on_closed() override;
  bool idle() const override { return active_ == 0 && waiting_.empty() && reading_bytes_ == 0; }

  // All that this socket makes the process hold now, and how much it may be (kMaxMessagesHeld).
  // Added up anew each time: a count kept beside all this could go wrong.
  std::size_t held_bytes() const;
  std::size_t max_held_bytes() const;

 private:
  // TurnOwner
  bool send(Lane& lane, std::string_view event, bool names_stream) override;
  void on_turn_ended(Lane& lane) override;
  void on_unclaimed(Lane& lane, std::string_view event) override;

  using Message = std::shared_ptr<const ClientMessage>;

  void read_aside(std::string text);
  void on_read(Result<ClientMessage> message, std::size_t bytes);
  void take(Result<ClientMessage> message, std::size_t bytes);
  Lane* find_or_make_lane(const std::string& name);
  void enqueue(Message message);
  std::optional<Error> objection_to(const ClientMessage& message);
  std::optional<Error> too_much_with(const ClientMessage& message) const;
  bool has_room_to_start(const ClientMessage& message) const;
  void start_waiting();
  void start_turn(Lane& lane, Message message);
  Request turn_request(const ClientMessage& message) const;
  void refuse_turn(Message message, Error error, std::size_t bytes);
  void pass_on(const ClientMessage& message);
  void refuse(const Error& error, std::string_view stream_id);

  Request handshake_;  // its headers are in context_, as far as turns need them
  SocketContext context_;
  std::shared_ptr<SocketWriter> writer_;  // null: the client is gone
  const Run run_;
  // Shared: the last holder of a session may be a task in a loop that outlives the proxy.
  const std::shared_ptr<std::atomic<std::size_t>> open_sockets_;
  std::unordered_map<std::string, Lane> lanes_;
  std::size_t reading_bytes_ = 0;  // of the message that is being read
  std::vector<Message> waiting_;   // in the order they came
  std::size_t active_ = 0;
};

}  // namespace responses_proxy
