// Work on a large body happens aside: the loop serves its other connections meanwhile.
#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <string>

#include "fakes/compressed.h"
#include "fakes/held_helpers.h"
#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "fakes/wait_until.h"
#include "integration/chat_provider.h"
#include "integration/post.h"
#include "integration/raw_client.h"
#include "integration/session_client.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kSmall = R"({"model":"small"})";
constexpr const char* kSmallChat = R"({"model":"m","input":"x"})";

std::string large(const std::string& model, const std::string& members = "") {
  return R"({"model":")" + model + R"(","input":")" + std::string(1024 * 1024, 'x') + "\"" +
         members + "}";
}

// One loop for everything.
struct Rig {
  explicit Rig(const std::vector<std::string>& keys = {"sk-a"}, bool capture = false)
      : proxy(config(keys, capture), 1, nullptr, {}, false, &helpers) {}

  Config config(const std::vector<std::string>& keys, bool capture) const {
    Config config = config_for(upstream, keys);
    config.capture_bodies = capture;
    return config;
  }
  std::future<int> send(const std::string& body, const httplib::Headers& headers = {}) {
    return std::async(std::launch::async, [this, body, headers] {
      const auto result = post(proxy, body, headers);
      return result ? result->status : 0;
    });
  }
  // Does the next piece of held work, after the loop has served another request to its end.
  void serve_other_then_work() {
    const auto work = helpers.take();
    REQUIRE(work);
    const auto other = post(proxy, kSmall);
    REQUIRE(other);
    CHECK(other->status == 200);
    work();
  }

  ScriptedUpstream upstream;
  HeldHelpers helpers;
  TestProxy proxy;
};

}  // namespace

TEST_CASE("while a large body is read, others are served; it is forwarded as it came") {
  Rig rig;
  const std::string body = large("large", R"(,"metadata":{"session_id":"s"})");
  auto answer = rig.send(body);
  rig.serve_other_then_work();
  CHECK(answer.get() == 200);
  const auto requests = rig.upstream.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].body == body);
  CHECK(rig.proxy.records().wait_for(2)[1].session_id == "s");
}

TEST_CASE("a compressed body is decoded aside, however small it is") {
  Rig rig;
  const std::string body = R"({"model":"compressed"})";
  auto answer = rig.send(gzip(body), {{"content-encoding", "gzip"}});
  rig.serve_other_then_work();
  CHECK(answer.get() == 200);
  CHECK(rig.upstream.requests().at(1).body == body);

  auto broken = rig.send("no gzip", {{"content-encoding", "gzip"}});
  rig.serve_other_then_work();
  CHECK(broken.get() == 400);
}

TEST_CASE("what is wrong with a large body is said all the same") {
  Rig rig;
  auto answer = rig.send(large("large", R"(,"stream":7)"));
  rig.serve_other_then_work();
  CHECK(answer.get() == 400);
}

TEST_CASE("items that cannot be decrypted are left out aside") {
  Rig rig;
  rig.upstream.on_key(
      "sk-a", {error_reply(400, "invalid_request_error", "invalid_encrypted_content", "no")});
  const std::string items =
      R"("input":[{"type":"reasoning","encrypted_content":"x"},{"role":"user","content":")" +
      std::string(1024 * 1024, 'x') + R"("}])";
  auto answer = rig.send(R"({"model":"large",)" + items + "}");
  const auto reading = rig.helpers.take();
  REQUIRE(reading);
  reading();
  rig.upstream.wait_for_requests(1);
  rig.serve_other_then_work();
  CHECK(answer.get() == 200);
  const auto last = rig.upstream.requests().back();
  CHECK(last.body.find("encrypted_content") == std::string::npos);
  CHECK(last.body.size() > 1024 * 1024);
}

TEST_CASE("a large body is translated aside, a small one on the loop") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {document("first"), document("second"), document("third")});
  HeldHelpers helpers;
  TestProxy proxy(chat_config(upstream), 1, nullptr, {}, false, &helpers);
  REQUIRE(post(proxy, kSmallChat));  // nobody helps
  auto answer = std::async(std::launch::async, [&] { return post(proxy, large("m"))->body; });
  helpers.take()();  // it is read
  const auto translating = helpers.take();
  REQUIRE(translating);
  CHECK(post(proxy, kSmallChat)->body.find("second") != std::string::npos);
  CHECK(upstream.counts().requests == 2);
  translating();
  CHECK(answer.get().find("third") != std::string::npos);
  CHECK(upstream.requests().at(2).body.size() > 1024 * 1024);
}

TEST_CASE("a client that leaves while its large body is translated has sent nothing upstream") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {document("Hi")});
  HeldHelpers helpers;
  TestProxy proxy(chat_config(upstream), 1, nullptr, {}, false, &helpers);
  std::function<void()> translating;
  {
    RawClient client(proxy.port());
    client.post(large("m"));
    helpers.take()();  // it is read
    translating = helpers.take();
    REQUIRE(translating);
  }
  REQUIRE(post(proxy, kSmallChat));  // the loop has had time to hear of it
  translating();
  const auto records = proxy.records().wait_for(2);
  REQUIRE(records.size() == 2);
  CHECK(records[1].status_code == 499);
  CHECK(records[1].attempts.empty());
  CHECK(upstream.counts().requests == 1);
  CHECK(proxy.resource("openai-1")->active() == 0);
}

namespace {

// A client's socket whose turns go to a WebSocket upstream; the test does what is done aside.
struct TurnsAside {
  TurnsAside() : proxy(config(), 1, nullptr, {}, false, &helpers), client(proxy), other(proxy) {}

  Config config() const {
    Config config;
    config.resources = resources_at(upstream.base_url(), {"sk-a"});
    return config;
  }
  // Does the next piece of held work, after the loop has served a turn of another socket.
  void serve_other_then_work() {
    const auto work = helpers.take();
    REQUIRE(work);
    CHECK(text_of(other.ask(create("hi"))) != "");
    work();
  }

  ScriptedSocketUpstream upstream;
  HeldHelpers helpers;
  TestProxy proxy;
  SessionClient client;
  SessionClient other;
};

std::string large_turn(const std::string& more = "") {
  return R"({"type":"response.create","model":"m",)" + more +
         R"("input":[{"role":"user","content":")" + std::string(1024 * 1024, 'x') + "\"}]}";
}

}  // namespace

TEST_CASE("while a large message of a socket is read, admitted and written, others are served") {
  TurnsAside rig;
  rig.client.say(large_turn());
  rig.client.say(create("and then"));
  rig.serve_other_then_work();             // it is read
  rig.serve_other_then_work();             // it is admitted
  rig.serve_other_then_work();             // it is written for its upstream
  const auto copied = rig.helpers.take();  // what it adds to the conversation
  REQUIRE(copied);
  CHECK(types_of(std::vector<Json>{rig.client.next()}).front() == "response.created");
  copied();
  CHECK(rig.client.turn().back()["type"] == "response.completed");
  CHECK(rig.client.turn().back()["type"] == "response.completed");
  const auto messages = rig.upstream.messages();
  REQUIRE(messages.size() == 5);
  CHECK(messages[3].text == large_turn());
  CHECK(messages[4].text == dump(create("and then")));
  const auto records = rig.proxy.records().wait_for(5);
  REQUIRE(records.size() == 5);
  CHECK(records[3].request_bytes == static_cast<std::int64_t>(large_turn().size()));
}

TEST_CASE("a turn that builds on a large one is joined aside when it goes over HTTP") {
  TurnsAside rig;
  rig.client.say(large_turn());
  for (int i = 0; i < 4; ++i) rig.helpers.take()();
  const auto first = rig.client.turn();
  rig.helpers.take()();  // it is released
  rig.proxy.resource("openai-1")->set_websocket_refused();
  rig.client.say(create("more", {{"previous_response_id", response_id_of(first)}}));
  rig.serve_other_then_work();
  CHECK(rig.client.turn().back()["type"] == "response.completed");
  const auto requests = rig.upstream.http().requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].body.size() > 1024 * 1024);
  CHECK(requests[1].body.find("previous_response_id") == std::string::npos);
}

TEST_CASE("a client that leaves, or a proxy that goes down, while a large turn is worked on") {
  for (const int steps : {0, 1, 2}) {
    for (const bool down : {false, true}) {
      CAPTURE(steps);
      CAPTURE(down);
      TurnsAside rig;
      rig.client.say(large_turn());
      for (int i = 0; i < steps; ++i) rig.helpers.take()();
      const auto work = rig.helpers.take();
      REQUIRE(work);
      if (down) rig.proxy.proxy().cancel_all();
      if (!down || steps == 0) rig.client.close();
      work();
      CHECK(rig.proxy.wait_until_idle());
      if (steps == 0) {  // nobody has asked for anything yet
        CHECK(text_of(rig.other.ask(create("hi"))) != "");
        CHECK(rig.proxy.records().wait_for(1).size() == 1);
        continue;
      }
      const auto records = rig.proxy.records().wait_for(1);
      REQUIRE(records.size() == 1);
      CHECK(records[0].error == (down ? "shutting_down" : "client_closed"));
      CHECK(records[0].attempts.empty());
      CHECK(rig.upstream.messages().empty());
    }
  }
}

TEST_CASE("captured bodies are masked aside when they are large") {
  Rig rig({"sk-a"}, true);
  auto answer = rig.send(large("large"));
  rig.helpers.take()();
  CHECK(answer.get() == 200);
  rig.serve_other_then_work();  // the body is given back
  rig.serve_other_then_work();  // the bodies are masked
  const auto records = rig.proxy.records().wait_for(3);
  REQUIRE(records.size() == 3);
  CHECK(std::any_of(records.begin(), records.end(), [](const RequestRecord& record) {
    return record.request_body.size() > 1024 * 1024;
  }));
}

TEST_CASE("a client that leaves while its body is read has sent nothing upstream") {
  Rig rig;
  const std::string body = large("large");
  std::function<void()> work;
  {
    RawClient client(rig.proxy.port());
    client.send(
        "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
    work = rig.helpers.take();
    REQUIRE(work);
  }
  REQUIRE(post(rig.proxy, kSmall));  // the loop has had time to hear of it
  work();
  const auto records = rig.proxy.records().wait_for(2);
  REQUIRE(records.size() == 2);
  CHECK(records[1].status_code == 499);
  CHECK(records[1].attempts.empty());
  CHECK(rig.upstream.counts().requests == 1);
}

TEST_CASE("with every helper busy the loop does the work itself") {
  Rig rig;
  rig.helpers.be_full();
  CHECK(rig.send(large("large")).get() == 200);
  CHECK(rig.send(gzip(kSmall), {{"content-encoding", "gzip"}}).get() == 200);
}

TEST_CASE("the helpers of the proxy itself do as well") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  for (int i = 0; i < 3; ++i) {
    const auto result = post(proxy, large("large"));
    REQUIRE(result);
    CHECK(result->status == 200);
  }
}

TEST_CASE("a byte order mark before the body is not part of it") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  const auto result = post(proxy, std::string("\xEF\xBB\xBF") + kSmall);
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(upstream.requests().at(0).body == kSmall);
}
