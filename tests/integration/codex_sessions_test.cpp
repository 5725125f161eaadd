// Sessions of the Codex CLI over WebSocket, recorded frame by frame (tests/golden/codex), replayed
// against upstreams with and without WebSocket.
#include <doctest/doctest.h>

#include <fstream>
#include <optional>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/session_client.h"
#include "source_dir.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Json load(const std::string& name) {
  std::ifstream file(std::string(RP_SOURCE_DIR) + "/tests/golden/codex/" + name + ".json");
  REQUIRE(file);
  return Json::parse(file);
}

bool is_message(const Json& entry) {
  return entry["transport"] == "ws-message";
}
bool is_create(const Json& entry) {
  return is_message(entry) && entry["body"]["type"] == "response.create";
}
bool is_warm_up(const Json& entry) {
  return is_create(entry) && entry["body"].value("generate", true) == false;
}

const std::string kDone = "response.completed";
const std::string kInterrupted = "response.incomplete";
const std::string kLeft;  // the client has left in the middle

struct Session {
  const char* file;
  std::vector<std::string> endings;  // of its creates
};

const std::vector<Session> kSessions{
    {"ws_gpt55", {kDone, kDone, kDone, kDone}},
    {"ws_default", {kDone, kDone, kDone}},
    {"ws_interrupt", {kDone, kLeft, kDone, kDone}},
    {"ws_steer", {kDone, kInterrupted, kDone}},
    {"ws_previous_not_found", {kDone, kDone, kDone, kDone, kDone}},
    {"ws_v0120", {kDone, kDone, kDone, kDone}},
    {"ws_v0144", {kDone, kDone, kDone, kDone}},
    {"v0171_ws_default_two_turns", {kDone, kDone, kDone, kDone}},
    {"v0171_ws_gpt55_two_turns", {kDone, kDone, kDone, kDone}},
    {"v0171_ws_compact_v2", {kDone, kDone, kDone, kDone}},
    {"v0171_ws_name_openai_effort_update", {kDone, kDone, kDone, kDone}},
    {"v0171_ws_interrupt_default", {kDone, kLeft, kDone}},
    {"v0171_ws_steer_default", {kDone, kInterrupted, kDone}},
};

// What the model answers to the creates of a recording: something, and no end of it where the
// client will not wait for the end.
std::vector<Reply> replies_of(const Session& session, const Json& recording) {
  std::vector<Reply> replies;
  std::size_t create = 0;
  for (const Json& entry : recording) {
    if (!is_create(entry)) continue;
    const std::string& ending = session.endings.at(create++);
    if (is_warm_up(entry)) continue;
    const std::string id = "resp_turn_" + std::to_string(replies.size() + 1);
    Reply reply = sse_stream(id, {"fine", " so far"});
    if (ending == kInterrupted) reply.insert(5, Step::gate("never"));
    if (ending == kLeft) reply.insert(5, Step::stall());
    replies.push_back(std::move(reply));
  }
  return replies;
}

// Plays the client of one recording.
class Replay {
 public:
  Replay(TestProxy& proxy, const Session& session, const Json& recording)
      : proxy_(proxy), session_(session), recording_(recording) {}

  void run() {
    for (const Json& entry : recording_) {
      if (entry["transport"] == "ws-handshake") {
        open(entry);
      } else if (is_create(entry)) {
        create_response(entry["body"]);
      } else if (is_message(entry)) {
        interrupt(entry["body"]);
      } else {
        client_->close();
      }
    }
    if (client_) client_->close();
  }

  std::vector<std::string> said;     // creates, as they were sent
  std::vector<Json> whole_inputs;    // what each of them amounts to
  std::vector<std::string> endings;  // the last event of each turn; kLeft = none

 private:
  void open(const Json& entry) {
    Headers headers;
    for (const Json& field : entry["headers"]) {
      const std::string name = field[0];
      if (name != "Connection" && name != "Upgrade" && !name.starts_with("Sec-WebSocket-Key")) {
        headers.add(name, field[1].get<std::string>());
      }
    }
    client_.reset();
    client_.emplace(proxy_, std::move(headers));
  }

  void create_response(Json body) {
    if (body.contains("previous_response_id")) {
      body["previous_response_id"] = latest_;
    } else {
      conversation_ = Json::array();
    }
    for (const Json& item : body["input"]) conversation_.push_back(item);
    whole_inputs.push_back(conversation_);
    said.push_back(dump(body));
    client_->say(said.back());
    read_turn(session_.endings.at(endings.size()) != kDone);
  }

  // All of it, or as much as it takes to cut it short.
  void read_turn(bool cut_short) {
    for (;;) {
      const Json event = client_->next();
      REQUIRE(event.is_object());
      const std::string type = type_of(event);
      if (type == "response.created") running_ = event["response"]["id"];
      if (type == "response.output_item.done") conversation_.push_back(event["item"]);
      if (cut_short && type == "response.output_text.delta") {
        endings.push_back(kLeft);
        return;
      }
      if (type == "response.completed" || type == "response.incomplete" || type == "error") {
        REQUIRE(type != "error");
        latest_ = event["response"]["id"];
        endings.push_back(type);
        return;
      }
    }
  }

  void interrupt(Json body) {
    body["response_id"] = running_;
    client_->say(body);
    endings.pop_back();
    read_turn(false);
  }

  TestProxy& proxy_;
  const Session& session_;
  const Json& recording_;
  std::optional<SessionClient> client_;
  std::string latest_;
  std::string running_;
  Json conversation_ = Json::array();
};

Config config_at(const ScriptedSocketUpstream& upstream) {
  Config config;
  config.resources = resources_at(upstream.base_url(), {"sk-a", "sk-b", "sk-c"});
  return config;
}

void check_records(TestProxy& proxy, const Replay& replay, const Json& recording) {
  std::string session;
  for (const Json& field : recording[0]["headers"]) {
    if (field[0] == "session-id" || field[0] == "session_id") session = field[1];
  }
  const auto records = proxy.records().wait_for(replay.endings.size());
  REQUIRE(records.size() == replay.endings.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    CHECK(records[i].session_id == session);
    CHECK(records[i].attempts.back().resource_id == records[0].attempts.back().resource_id);
    CHECK(records[i].status_code == (replay.endings[i].empty() ? 499 : 200));
  }
  CHECK(proxy.wait_until_idle());
}

}  // namespace

TEST_CASE("Codex's sessions pass a WebSocket upstream frame by frame") {
  for (const Session& session : kSessions) {
    CAPTURE(session.file);
    const Json recording = load(session.file);
    ScriptedSocketUpstream upstream;
    upstream.on_key("", replies_of(session, recording));
    TestProxy proxy(config_at(upstream));
    Replay replay(proxy, session, recording);
    replay.run();
    CHECK(replay.endings == session.endings);
    std::vector<std::string> arrived;
    for (const SocketMessage& message : upstream.messages()) {
      if (message.json()["type"] == "response.create") arrived.push_back(message.text);
    }
    CHECK(arrived == replay.said);
    check_records(proxy, replay, recording);
    CHECK(upstream.wait_until([](const SocketCounts& counts) { return counts.open == 0; }));
  }
}

TEST_CASE("Codex's sessions are served by an upstream that knows only HTTP") {
  for (const Session& session : kSessions) {
    CAPTURE(session.file);
    const Json recording = load(session.file);
    ScriptedSocketUpstream upstream;
    upstream.refuse_all(404);
    upstream.http().on_key("sk-a", replies_of(session, recording));
    TestProxy proxy(config_at(upstream));
    // All turns of a session go where its first one went.
    const auto busy = proxy.keep_busy({"openai-2", "openai-3"});
    Replay replay(proxy, session, recording);
    replay.run();
    CHECK(replay.endings == session.endings);
    std::vector<Json> inputs;
    for (const RecordedRequest& request : upstream.http().requests()) {
      const Json body = Json::parse(request.body);
      CHECK(body["stream"] == true);
      CHECK_FALSE(body.contains("type"));
      CHECK_FALSE(body.contains("previous_response_id"));
      inputs.push_back(body["input"]);
    }
    std::vector<Json> expected;
    std::size_t create = 0;
    for (const Json& entry : recording) {
      if (!is_create(entry)) continue;
      if (!is_warm_up(entry)) expected.push_back(replay.whole_inputs[create]);
      ++create;
    }
    CHECK(inputs == expected);
    CHECK(upstream.counts().handshakes == 1);
    check_records(proxy, replay, recording);
    CHECK(upstream.http().wait_until_idle());
  }
}
