// One simulated client's WebSocket: turns in several lanes, one after the other or queued, some
// that continue the one before, some that are interrupted; and it may leave at any moment.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/web_socket.h"
#include "sim/exchange/memory.h"
#include "sim/exchange/promises.h"
#include "sim/exchange/script.h"
#include "sim/exchange/seen_answer.h"

namespace responses_proxy::sim {

class SocketClient final : public SocketWriter, public std::enable_shared_from_this<SocketClient> {
 public:
  struct Turn {
    std::string id;
    SeenAnswer seen;
    bool taken = false;  // the client has its end, and was not told to wait with that
  };

  SocketClient(std::string id, Script& script, Draw& draw, Promises& promises)
      : id_(std::move(id)), script_(script), draw_(draw), promises_(promises) {}

  // What Proxy::open_socket has returned; from now on it sends `turns` turns, then closes.
  void begin(std::shared_ptr<SocketSession> session, std::size_t turns);
  void leave();

  bool send(std::string_view text) override;
  std::size_t unsent_bytes() const override { return 0; }
  void on_idle() override;
  void on_message_read() override;

  const std::string& id() const { return id_; }
  const std::vector<std::unique_ptr<Turn>>& turns() const { return turns_; }
  // It stayed until all of its turns were answered.
  bool stayed() const { return stayed_; }

 private:
  struct Lane {
    std::size_t next = 0;      // of turns_of_lane, to be answered
    std::vector<Turn*> turns;  // in the order they were sent
    std::string latest_response;
  };

  void say(std::string text);
  void say_next();
  void send_turn();
  void send_interrupt();
  std::string message(const Turn& turn, const std::string& lane_name, const Lane& lane);
  void take_all();
  void close_when_done();

  const std::string id_;
  Script& script_;
  Draw& draw_;
  Promises& promises_;
  std::shared_ptr<SocketSession> session_;  // null: it has left
  std::map<std::string, Lane> lanes_;
  std::vector<std::unique_ptr<Turn>> turns_;
  std::size_t to_send_ = 0;
  std::deque<std::string> unsaid_;  // behind the message that is being read
  bool session_reads_ = false;
  bool full_ = false;  // it takes nothing for now
  bool stayed_ = false;
};

}  // namespace responses_proxy::sim
