#include "sim/exchange/socket_client.h"

#include <fmt/format.h>

#include <utility>

#include "sim/exchange/answers.h"

namespace responses_proxy::sim {

void SocketClient::begin(std::shared_ptr<SocketSession> session, std::size_t turns) {
  session_ = std::move(session);
  to_send_ = turns;
  send_turn();
}

void SocketClient::leave() {
  if (const auto session = std::exchange(session_, nullptr)) session->on_closed();
}

void SocketClient::send_turn() {
  if (!session_ || to_send_ == 0) return;
  --to_send_;
  static const std::vector<std::string> kLanes{"", "", "a", "b", "c"};
  const std::string name = draw_.one_of(kLanes);
  Lane& lane = lanes_[name];
  turns_.push_back(std::make_unique<Turn>());
  turns_.back()->id = fmt::format("{}.{}", id_, turns_.size());
  lane.turns.push_back(turns_.back().get());
  if (to_send_ > 0) {
    script_.after(draw_.pause(), [self = shared_from_this()] { self->send_turn(); });
  }
  if (draw_.chance(3)) {
    script_.after(draw_.pause(), [self = shared_from_this()] { self->send_interrupt(); });
  }
  say(message(*turns_.back(), name, lane));
}

void SocketClient::say(std::string text) {
  unsaid_.push_back(std::move(text));
  say_next();
}

void SocketClient::say_next() {
  while (session_ && !session_reads_ && !unsaid_.empty()) {
    std::string text = std::move(unsaid_.front());
    unsaid_.pop_front();
    session_reads_ = !session_->on_message(std::move(text));
  }
}

void SocketClient::on_message_read() {
  promises_.expect(session_reads_, id_, "a message that was being read is read once");
  session_reads_ = false;
  say_next();
}

// At any moment, also while the answer is held back or its request waits to be sent.
void SocketClient::send_interrupt() {
  const Lane& lane = lanes_[""];
  if (!session_ || lane.next == lane.turns.size()) return;
  say(R"({"type":"response.interrupt"})");
}

std::string SocketClient::message(const Turn& turn, const std::string& lane_name,
                                  const Lane& lane) {
  std::string text = fmt::format(
      R"({{"type":"response.create","model":"m","metadata":{{"session_name":"{}"}},"input":"hi")",
      turn.id);
  if (!lane_name.empty()) text += fmt::format(R"(,"stream_id":"{}")", lane_name);
  if (draw_.chance(50)) text += R"(,"store":false)";
  if (draw_.chance(8)) text += R"(,"generate":false)";
  if (draw_.chance(2)) text += fmt::format(R"(,"large":"{:x<300000}")", "");  // worked on aside
  if (!lane.latest_response.empty() && draw_.chance(60)) {
    text += fmt::format(R"(,"previous_response_id":"{}")", lane.latest_response);
  } else if (draw_.chance(3)) {
    text += R"(,"previous_response_id":"resp_0")";
  }
  return text + "}";
}

bool SocketClient::send(std::string_view text) {
  promises_.expect(session_ != nullptr, id_, "nothing for a client that has left");
  const std::string code = text_member(text, "code");
  if (code == "unknown_message_type") return true;  // an interrupt that came too late
  Lane& lane = lanes_[text_member(text, "stream_id")];
  const bool expected = lane.next < lane.turns.size();
  const bool of_an_answer = text.find("\"keepalive\"") == std::string_view::npos;
  promises_.expect(expected || !of_an_answer, id_ + " (" + std::string(text) + ")",
                   "no event without a turn");
  if (!expected || !of_an_answer) return true;
  Turn& turn = *lane.turns[lane.next];
  turn.seen.add_event(text);
  if (turn.seen.ends() > 0) {
    ++lane.next;
    lane.latest_response = turn.seen.completed_response();
  }
  if (!full_ && !draw_.chance(90)) {
    full_ = true;
    script_.after(draw_.pause(), [self = shared_from_this()] { self->take_all(); });
  }
  turn.taken = turn.seen.ends() > 0 && !full_;
  return !full_;
}

void SocketClient::take_all() {
  full_ = false;
  if (!session_) return;
  for (const auto& turn : turns_) turn->taken = turn->seen.ends() > 0;
  session_->on_writable();
}

void SocketClient::on_idle() {
  script_.after(draw_.pause(), [self = shared_from_this()] { self->close_when_done(); });
}

void SocketClient::close_when_done() {
  if (!session_ || !session_->idle() || to_send_ > 0) return;
  stayed_ = true;
  leave();
}

}  // namespace responses_proxy::sim
