#include "proxy/web_socket/session.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/json.h"
#include "core/json_reads.h"
#include "proxy/aside.h"
#include "unit/proxy/web_socket/turn_rig.h"

namespace responses_proxy {

using namespace testing;

namespace {

class FakeWriter final : public SocketWriter {
 public:
  bool send(std::string_view text) override {
    texts.emplace_back(text);
    sent.push_back(Json::parse(text));
    return true;
  }
  std::size_t unsent_bytes() const override { return unsent; }
  void on_idle() override { ++idle; }
  void on_message_read() override { ++read; }

  std::vector<Json> sent;
  std::vector<std::string> texts;  // the same
  std::size_t unsent = 0;
  std::size_t idle = 0;
  std::size_t read = 0;  // messages that took a while
};

// A session whose exchanges are the test: each turn waits until finish().
class SessionRig {
 public:
  explicit SessionRig(TurnRig& rig, Headers handshake = {}) : rig_(rig) {
    Request request;
    request.path = "/v1/responses";
    request.headers = std::move(handshake);
    session = std::make_shared<ClientSession>(
        rig.services(), std::move(request), writer,
        [this](Request turn_request, std::shared_ptr<SocketTurn> turn) {
          if (turn->refusal() != nullptr) return refuse(*turn);
          requests.push_back(std::move(turn_request));
          turns.push_back(std::move(turn));
        },
        std::make_shared<std::atomic<std::size_t>>(0));
  }
  ~SessionRig() {
    if (session) session->on_closed();
    turns.clear();
    rig_.run_loop();
  }

  bool say(std::string text) { return session->on_message(std::move(text)); }
  // Answers the n-th turn with a response of that id.
  void finish(std::size_t n, const std::string& id, const std::string& output = "[]") {
    SocketAnswer& answer = turns[n]->answer();
    answer.start({200, {{"content-type", "text/event-stream"}}, std::nullopt});
    turns[n]->answered({id, output.substr(1, output.size() - 2), true}, [](const auto&) {});
    finish_events(n);
  }
  // The end of an answer that has begun.
  void finish_events(std::size_t n) {
    SocketAnswer& answer = turns[n]->answer();
    const std::string json = R"({"type":"response.completed"})";
    answer.event({"response.completed", json, {}, AnswerState::completed});
    answer.finish();
    turns[n].reset();
    rig_.run_loop();
  }
  std::string refusal() const {
    return writer->sent.empty() || writer->sent.back()["type"] != "error"
               ? std::string()
               : writer->sent.back()["error"]["code"].get<std::string>();
  }

  std::shared_ptr<FakeWriter> writer = std::make_shared<FakeWriter>();
  std::vector<Request> requests;
  std::vector<std::shared_ptr<SocketTurn>> turns;
  std::vector<std::size_t> refused;  // bytes of the messages
  std::shared_ptr<ClientSession> session;

 private:
  void refuse(SocketTurn& turn) {
    refused.push_back(turn.bytes());
    turn.answer().start({turn.refusal()->status, {}, std::nullopt});
    turn.answer().write(turn.refusal()->to_json());
    turn.answer().finish();
  }

  TurnRig& rig_;
};

std::string create(const std::string& lane, std::size_t bytes, const std::string& more = {}) {
  const std::string begin =
      R"({"type":"response.create","stream_id":")" + lane + "\"," + more + R"("input":")";
  const std::string end = "\"}";
  REQUIRE(bytes >= begin.size() + end.size());
  return begin + std::string(bytes - begin.size() - end.size(), 'x') + end;
}

}  // namespace

TEST_CASE("a turn's request has the headers of the handshake that are not the handshake's own") {
  TurnRig rig;
  SessionRig socket(rig, {{"Connection", "Upgrade"},
                          {"Upgrade", "websocket"},
                          {"Sec-WebSocket-Key", "k"},
                          {"Content-Encoding", "gzip"},
                          {"Content-Length", "0"},
                          {"session-id", "s"}});
  socket.say(create("a", 100));
  REQUIRE(socket.requests.size() == 1);
  CHECK(socket.requests[0].headers.size() == 1);
  CHECK(socket.requests[0].headers.get("session-id") == "s");
  CHECK(socket.turns[0]->text() == create("a", 100));
}

TEST_CASE("a socket holds so many bytes of messages, and what does not fit is refused") {
  TurnRig rig;
  rig.config.websocket_max_message_bytes = 1000;
  rig.config.websocket_state_bytes = 500;
  SessionRig socket(rig);
  const std::size_t limit = socket.session->max_held_bytes();
  CHECK(limit == 500 + 4 * 1000);
  for (int i = 0; i < 4; ++i) socket.say(create(fmt::format("lane{}", i), 1000));
  CHECK(socket.refusal().empty());
  CHECK(socket.session->held_bytes() == 4000);
  socket.say(create("lane4", 501));
  CHECK(socket.refusal() == "websocket_queue_full");
  CHECK(socket.refused == std::vector<std::size_t>{501});
  const Json& refusal = socket.writer->sent.back();
  CHECK(refusal["status"] == 429);
  CHECK(refusal["stream_id"] == "lane4");
  const std::string message = refusal["error"]["message"];
  for (const char* part : {"4000", "501", "4500"}) CHECK(message.find(part) != std::string::npos);
  socket.say(create("lane4", 500));
  CHECK(socket.session->held_bytes() == limit);
  CHECK(socket.writer->sent.size() == 1);
}

TEST_CASE("after all turns a socket holds its conversations and nothing else") {
  TurnRig rig;
  rig.config.websocket_max_message_bytes = 10'000;
  SessionRig socket(rig);
  for (std::size_t i = 0; i < 8; ++i) {
    socket.say(create(fmt::format("lane{}", i % 3), 1000 + i));
  }
  for (std::size_t i = 0; i < 8; ++i) {
    REQUIRE(socket.turns.size() > i);
    socket.finish(i, fmt::format("resp_{}", i));
  }
  CHECK(socket.session->idle());
  CHECK(socket.writer->idle == 1);
  const std::size_t conversations = socket.session->held_bytes();
  CHECK(conversations > 2900);  // the latest of three lanes
  CHECK(conversations < 3300);
  socket.say(create("lane0", 1000));
  CHECK(socket.session->held_bytes() == conversations + 1000);
}

TEST_CASE("what is unsent in either direction counts, and conversations do") {
  TurnRig rig;
  rig.config.websocket_max_message_bytes = 1000;
  rig.config.websocket_state_bytes = 500;
  SessionRig socket(rig);
  socket.say(create("a", 300));
  socket.finish(0, "resp_1", R"([{"x":1}])");
  const std::size_t conversation = socket.session->held_bytes();
  CHECK(conversation > 200);
  socket.writer->unsent = 4500 - conversation - 99;
  socket.say(create("a", 100));
  CHECK(socket.refusal() == "websocket_queue_full");
  socket.writer->unsent = 0;
  socket.say(create("a", 100));
  CHECK(socket.turns.size() == 2);

  // The same for messages that pass to an upstream that takes nothing.
  Request request;
  const auto dialect = make_responses_dialect();
  REQUIRE_FALSE(socket.turns[1]->prepare(rig.lease(), *dialect, request));
  std::string body = socket.turns[1]->write();
  FakeHandler handler;
  const auto transfer = socket.turns[1]->start({}, body, handler);
  FakeConnection& connection = rig.sockets.last();
  connection.open();
  connection.unsent = 4400;
  const std::string other =
      R"({"type":"response.inject","stream_id":"a","input":"some text here"})";
  socket.say(other);
  CHECK(socket.refusal() == "websocket_queue_full");
  connection.unsent = 0;
  socket.say(other);
  CHECK(connection.sent.back() == other);
}

TEST_CASE("turns that need room wait for it in order, and one that runs alone never waits") {
  TurnRig rig;
  rig.config.websocket_max_message_bytes = 1000;
  rig.config.websocket_state_bytes = 200;
  SessionRig socket(rig);
  socket.say(create("a", 1000));
  socket.say(create("b", 1000));
  socket.say(create("c", 1000));  // 2000 in a and b, 1000 waiting and 1000 to be sent: just fits
  socket.say(create("d", 1000));
  socket.say(create("e", 100));  // would fit, but comes later
  CHECK(socket.turns.size() == 3);
  socket.finish(0, "resp_a");
  REQUIRE(socket.turns.size() == 5);
  CHECK(socket.turns[3]->text() == create("d", 1000));
  CHECK(socket.turns[4]->text() == create("e", 100));
  CHECK(socket.refusal().empty());
}

TEST_CASE("a turn that sends a whole conversation needs room for that") {
  TurnRig rig;
  rig.config.websocket_max_message_bytes = 400;
  rig.config.websocket_state_bytes = 3000;
  SessionRig socket(rig);
  socket.say(create("a", 1000));
  socket.finish(0, "resp_a", R"([")" + std::string(1900, 'y') + R"("])");
  CHECK(socket.session->held_bytes() > 2800);
  // Each fork is small, but it sends the conversation.
  const std::string fork = R"("previous_response_id":"resp_a",)";
  socket.say(create("b", 100, fork));
  socket.say(create("c", 100, fork));
  socket.say(create("d", 100, fork));
  CHECK(socket.turns.size() == 2);
  CHECK(socket.session->held_bytes() <= socket.session->max_held_bytes());
  socket.finish(1, "resp_b");
  CHECK(socket.turns.size() > 2);
}

TEST_CASE("a client that leaves frees what waited") {
  TurnRig rig;
  SessionRig socket(rig);
  socket.say(create("a", 1000));
  socket.say(create("a", 1000));
  socket.session->on_closed();
  socket.turns.clear();
  rig.run_loop();
  CHECK(socket.session->held_bytes() == 0);
}

TEST_CASE("a large message is read aside: the loop goes on, and the next one waits for it") {
  TurnRig rig;
  SessionRig socket(rig);
  SessionRig other(rig);
  const std::string large = create("a", 2 * kLargeBody);
  CHECK_FALSE(socket.say(large));
  CHECK_FALSE(socket.session->idle());
  CHECK(socket.session->held_bytes() == large.size());
  CHECK(other.say(create("a", 100)));
  CHECK(other.turns.size() == 1);
  REQUIRE(rig.helpers.held() == 1);
  rig.helpers.take()();
  CHECK(socket.turns.empty());  // the loop has not heard of it
  rig.run_loop();
  REQUIRE(socket.turns.size() == 1);
  CHECK(socket.turns[0]->text() == large);
  CHECK(socket.writer->read == 1);
  CHECK(socket.say(create("b", 100)));
  CHECK(socket.turns.size() == 2);
  CHECK(socket.session->held_bytes() == large.size() + 100);
}

TEST_CASE("a large message that is none is refused, and leaves the socket idle") {
  TurnRig rig;
  SessionRig socket(rig);
  CHECK_FALSE(socket.say(std::string(kLargeBody + 1, '{')));
  rig.helpers.take()();
  rig.run_loop();
  CHECK(socket.refusal() == "invalid_json");
  CHECK(socket.refused == std::vector<std::size_t>{kLargeBody + 1});
  CHECK(socket.writer->read == 1);
  CHECK(socket.writer->idle == 1);
  CHECK(socket.session->idle());
  CHECK(socket.session->held_bytes() == 0);
}

TEST_CASE("a client that leaves while its message is read starts no turn") {
  TurnRig rig;
  for (const bool gone : {false, true}) {
    CAPTURE(gone);
    SessionRig socket(rig);
    CHECK_FALSE(socket.say(create("a", 2 * kLargeBody)));
    socket.session->on_closed();
    if (gone) socket.session = nullptr;
    rig.helpers.take()();
    rig.run_loop();
    CHECK(socket.turns.empty());
    CHECK(socket.writer->read == 0);
    if (!gone) CHECK(socket.session->held_bytes() == 0);
  }
}

TEST_CASE("with every helper busy a large message is read at once") {
  TurnRig rig;
  rig.helpers.be_full();
  SessionRig socket(rig);
  CHECK(socket.say(create("a", 2 * kLargeBody)));
  CHECK(socket.turns.size() == 1);
  CHECK(socket.writer->read == 0);
}

TEST_CASE("an interrupt is the turn's as long as its upstream has heard nothing of it") {
  TurnRig rig;
  SessionRig socket(rig);
  socket.say(create("a", 100));
  const auto dialect = make_responses_dialect();
  Request request;
  const std::string interrupt = R"({"type":"response.interrupt","stream_id":"a"})";
  const auto begin = [&](std::size_t n) {
    REQUIRE_FALSE(socket.turns[n]->prepare(rig.lease(), *dialect, request));
    std::string body = socket.turns[n]->write();
    return body;
  };
  std::string body = begin(0);
  FakeHandler handler;
  auto transfer = socket.turns[0]->start({}, body, handler);
  rig.sockets.last().open();
  socket.say(interrupt);
  CHECK(rig.sockets.last().sent.back() == interrupt);
  rig.sockets.last().say(R"({"type":"response.completed","response":{"id":"resp_1"}})");
  transfer.reset();
  socket.finish(0, "resp_1");

  // The connection is kept, but the next turn is not on it yet.
  socket.say(create("a", 100));
  begin(1);
  socket.say(interrupt);
  CHECK(rig.sockets.last().sent.size() == 2);
  CHECK(socket.turns[1]->answered_here());
}

TEST_CASE("a message is read once, and the events of a named lane are not read again") {
  TurnRig rig;
  SessionRig socket(rig);
  JsonReads before = json_reads();
  socket.say(create("a", 1000));
  CHECK(json_reads().skimmed - before.skimmed == 1);
  const auto dialect = make_responses_dialect();
  Request request;
  REQUIRE_FALSE(socket.turns[0]->prepare(rig.lease(), *dialect, request));
  CHECK(socket.turns[0]->write() == create("a", 1000));
  SocketAnswer& answer = socket.turns[0]->answer();
  answer.start({200, {{"content-type", "text/event-stream"}}, std::nullopt});
  answer.event({"response.created", R"({"type":"response.created"})", {}, AnswerState::open});
  answer.event({"x", R"({"stream_id":"theirs"})", {}, AnswerState::open, true});
  answer.event({"y", "{ }", {}, AnswerState::open});
  socket.finish_events(0);
  CHECK(json_reads().skimmed - before.skimmed == 1);
  CHECK(json_reads().parsed == before.parsed);
  REQUIRE(socket.writer->texts.size() == 4);
  CHECK(socket.writer->texts[0] == R"({"stream_id":"a","type":"response.created"})");
  CHECK(socket.writer->texts[1] == R"({"stream_id":"theirs"})");
  CHECK(socket.writer->texts[2] == R"({"stream_id":"a" })");
}

TEST_CASE("what is no message is refused, and a header that cannot be one") {
  TurnRig rig;
  SessionRig socket(rig);
  for (const auto& [text, code] :
       {std::pair{"{", "invalid_json"}, std::pair{R"({"typ\u0065":5})", "invalid_message"},
        std::pair{R"({"type":"response.create","client_metadata":{"ws_request_header_a":"\r\n"}})",
                  "invalid_header_value"}}) {
    socket.say(text);
    CHECK(socket.refusal() == code);
  }
  CHECK(socket.turns.empty());
  CHECK(socket.refused.size() == 3);
  CHECK(socket.refused.front() == 1);
  CHECK(socket.session->idle());
  // What is no request is no turn that was refused.
  socket.say(R"({"type":"response.inject"})");
  CHECK(socket.refusal() == "unknown_message_type");
  CHECK(socket.refused.size() == 3);
}

TEST_CASE("a turn that is refused ends no other one, of its lane or of another") {
  TurnRig rig;
  SessionRig socket(rig);
  for (std::size_t i = 0; i <= SocketSession::kMaxQueuedTurns; ++i) socket.say(create("a", 100));
  CHECK(socket.refused.empty());
  socket.say(create("a", 100));
  CHECK(socket.refusal() == "websocket_queue_full");
  CHECK(socket.writer->sent.back()["stream_id"] == "a");
  CHECK(socket.refused.size() == 1);
  CHECK_FALSE(socket.session->idle());
  CHECK(socket.turns.size() == 1);
  socket.finish(0, "resp_1");
  CHECK(socket.turns.size() == 2);
}

}  // namespace responses_proxy
