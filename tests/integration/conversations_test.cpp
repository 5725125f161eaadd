// Conversations that are kept in a provider's place, over HTTP and WebSocket: begun, added to by
// hand and by responses, listed, changed, deleted.
#include <doctest/doctest.h>

#include "core/response_id.h"
#include "integration/chat_provider.h"
#include "integration/post.h"
#include "integration/session_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

// A proxy before a provider that keeps nothing.
struct Rig {
  explicit Rig(const std::string& answer = "Hi") : Rig(std::vector<Reply>{document(answer)}) {}
  explicit Rig(std::vector<Reply> replies) {
    answer_chat(upstream, std::move(replies));
    proxy = std::make_unique<TestProxy>(chat_config(upstream));
    http = std::make_unique<httplib::Client>("127.0.0.1", proxy->port());
    http->set_read_timeout(30);
  }

  Given get(const std::string& path) { return given(http->Get("/v1/conversations/" + path)); }
  Given remove(const std::string& path) { return given(http->Delete("/v1/conversations/" + path)); }
  Given send(const std::string& path, const Json& body) {
    return given(http->Post("/v1/conversations" + path, dump(body), "application/json"));
  }
  std::string begin(const Json& body = Json::object()) {
    const Given begun = send("", body);
    REQUIRE(begun.status == 200);
    return begun.body["id"];
  }
  Given ask(const std::string& input, const Json& conversation, const Json& more = Json::object()) {
    Json body{{"model", "m"}, {"input", input}, {"conversation", conversation}};
    body.update(more);
    return given(post(*proxy, dump(body)));
  }
  // What has been said in it: "user: Hello | assistant: Hi".
  std::string said(const std::string& id) {
    std::string all;
    const Json items = get(id + "/items?order=asc&limit=100").body["data"];
    for (const Json& item : items) {
      if (!all.empty()) all += " | ";
      all += item["role"].get<std::string>() + ": " + item["content"][0]["text"].get<std::string>();
    }
    return all;
  }
  std::string sent(std::size_t request) {
    std::string all;
    for (const Json& message : messages_of(upstream.requests().at(request))) {
      if (!all.empty()) all += " | ";
      all += message["role"].get<std::string>() + ": " + message["content"].get<std::string>();
    }
    return all;
  }

  ScriptedUpstream upstream;
  std::unique_ptr<TestProxy> proxy;
  std::unique_ptr<httplib::Client> http;
};

Json user(const std::string& text) {
  return {{"role", "user"}, {"content", text}};
}

}  // namespace

TEST_CASE("conversations: one is begun, changed, deleted") {
  Rig rig;
  const Given begun = rig.send("", {{"metadata", {{"topic", "demo"}}}});
  CHECK(begun.status == 200);
  const std::string id = begun.body["id"];
  CHECK(is_own_conversation_id(id));
  CHECK(begun.body["object"] == "conversation");
  CHECK(begun.body["created_at"].is_number_integer());
  CHECK(begun.body["metadata"] == Json{{"topic", "demo"}});
  CHECK(begun.body.size() == 4);
  CHECK(rig.get(id).body == begun.body);
  const Given changed = rig.send("/" + id, {{"metadata", {{"a", "b"}}}});
  CHECK(changed.status == 200);
  CHECK(changed.body["metadata"] == Json{{"a", "b"}});
  CHECK(changed.body["created_at"] == begun.body["created_at"]);
  CHECK(rig.get(id).body == changed.body);
  CHECK(rig.remove(id).body ==
        Json{{"id", id}, {"object", "conversation.deleted"}, {"deleted", true}});
  for (const Given& gone : {rig.get(id), rig.remove(id), rig.get(id + "/items"),
                            rig.send("/" + id + "/items", {{"items", {user("x")}}}),
                            rig.ask("x", id), rig.get("conv_123")}) {
    CHECK(gone.status == 404);
    CHECK(gone.body["error"]["type"] == "invalid_request_error");
  }
  CHECK(rig.get(id).body["error"]["message"] == "Conversation with id '" + id + "' not found.");
  CHECK(rig.upstream.requests().empty());
}

TEST_CASE("conversations: a response adds what was asked and what was answered") {
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    Rig rig(std::vector<Reply>{stream ? says("Hi") : document("Hi"),
                               stream ? says("Fine") : document("Fine")});
    const std::string id = rig.begin({{"items", {user("I am Ada")}}});
    const auto first =
        post(*rig.proxy,
             dump({{"model", "m"}, {"input", "Hello"}, {"stream", stream}, {"conversation", id}}));
    REQUIRE(first);
    CHECK(first->body.find(R"("conversation":{"id":")" + id + "\"}") != std::string::npos);
    CHECK(rig.said(id) == "user: I am Ada | user: Hello | assistant: Hi");
    CHECK(rig.sent(0) == "user: I am Ada | user: Hello");
    // Named the other way, and not to be stored itself.
    post(*rig.proxy, dump({{"model", "m"},
                           {"input", "And you?"},
                           {"stream", stream},
                           {"store", false},
                           {"conversation", {{"id", id}}}}));
    CHECK(rig.sent(1) == "user: I am Ada | user: Hello | assistant: Hi | user: And you?");
    CHECK(rig.said(id) ==
          "user: I am Ada | user: Hello | assistant: Hi | user: And you? | assistant: Fine");
    // Its items can be named, though the response cannot be read back.
    const std::string item = rig.get(id + "/items?limit=1").body["data"][0]["id"];
    const auto named = post(
        *rig.proxy, dump({{"model", "m"},
                          {"stream", stream},
                          {"input", {{{"type", "item_reference"}, {"id", item}}, user("Sure?")}}}));
    CHECK(named->status == 200);
    CHECK(rig.sent(2) == "assistant: Fine | user: Sure?");
  }
}

TEST_CASE("conversations: a response of one can be continued apart from it") {
  Rig rig;
  const std::string id = rig.begin();
  const Given first = rig.ask("Hello", id);
  const Given apart = given(
      post(*rig.proxy,
           dump({{"model", "m"}, {"input", "Psst"}, {"previous_response_id", first.body["id"]}})));
  CHECK(apart.status == 200);
  CHECK(rig.sent(1) == "user: Hello | assistant: Hi | user: Psst");
  CHECK(rig.said(id) == "user: Hello | assistant: Hi");
  const Given both = rig.ask("x", id, {{"previous_response_id", first.body["id"]}});
  CHECK(both.status == 400);
  CHECK(both.body["error"]["code"] == "mutually_exclusive_parameters");
  CHECK(rig.upstream.requests().size() == 2);
}

TEST_CASE("conversations: turns over a client's socket") {
  Rig rig(std::vector<Reply>{says("Hi"), says("Fine")});
  const std::string id = rig.begin();
  SessionClient client(*rig.proxy);
  CHECK(type_of(client.ask(create("Hello", {{"conversation", id}})).back()) ==
        "response.completed");
  CHECK(type_of(client.ask(create("And you?", {{"conversation", id}})).back()) ==
        "response.completed");
  CHECK(rig.sent(1) == "user: Hello | assistant: Hi | user: And you?");
  CHECK(rig.said(id) == "user: Hello | assistant: Hi | user: And you? | assistant: Fine");
}

TEST_CASE("conversations: what fails adds nothing") {
  Rig rig(std::vector<Reply>{error_reply(400, "invalid_request_error", "", "no"),
                             chunks({chunk({{"content", "Hal"}})}, false), document("Hi")});
  const std::string id = rig.begin();
  CHECK(rig.ask("Hello", id).status == 400);
  const auto cut =
      post(*rig.proxy,
           dump({{"model", "m"}, {"input", "Hello"}, {"stream", true}, {"conversation", id}}));
  REQUIRE(cut);
  CHECK(cut->body.find("response.failed") != std::string::npos);
  CHECK(rig.said(id) == "");
  CHECK(rig.ask("Again", id).status == 200);
  CHECK(rig.said(id) == "user: Again | assistant: Hi");
}

TEST_CASE("conversations: of turns at the same time none is lost") {
  Reply slow = says("slow");
  slow.insert(0, Step::gate("slow"));
  Rig rig(std::vector<Reply>{slow, says("quick")});
  const std::string id = rig.begin({{"items", {user("both")}}});
  SessionClient first(*rig.proxy);
  SessionClient second(*rig.proxy);
  first.say(create("one", {{"conversation", id}}));
  CHECK(rig.upstream.wait_for_requests(1));
  CHECK(type_of(second.ask(create("two", {{"conversation", id}})).back()) == "response.completed");
  rig.send("/" + id + "/items", {{"items", {user("three")}}});
  rig.upstream.open_gate("slow");
  CHECK(type_of(first.turn().back()) == "response.completed");
  CHECK(rig.said(id) ==
        "user: both | user: two | assistant: quick | user: three | user: one | assistant: slow");
}

TEST_CASE("conversations: items are added, listed page by page, given and deleted") {
  Rig rig;
  const std::string id = rig.begin();
  const Given added = rig.send("/" + id + "/items", {{"items", {user("a"), user("b")}}});
  CHECK(added.status == 200);
  CHECK(added.body["object"] == "list");
  REQUIRE(added.body["data"].size() == 2);
  CHECK(added.body["first_id"] == added.body["data"][0]["id"]);
  CHECK(added.body["has_more"] == false);
  rig.ask("c", id);
  const Json all = rig.get(id + "/items?order=asc").body["data"];
  REQUIRE(all.size() == 4);
  for (std::size_t i = 0; i < 2; ++i) CHECK(all[i] == added.body["data"][i]);
  CHECK(all[2]["type"] == "message");
  CHECK(all[3]["id"].get<std::string>().starts_with("msg_"));
  const Given page = rig.get(id + "/items?limit=2");
  CHECK(page.body["has_more"] == true);
  CHECK(page.body["data"][0] == all[3]);
  const std::string last = page.body["last_id"];
  CHECK(rig.get(id + "/items?after=" + last).body["data"][0] == all[1]);
  CHECK(rig.get(id + "/items?limit=0").status == 400);
  for (const Json& item : all) {
    CHECK(rig.get(id + "/items/" + item["id"].get<std::string>()).body == item);
  }
  const std::string second = all[1]["id"];
  CHECK(rig.remove(id + "/items/" + second).body["object"] == "conversation");
  const Json rest = rig.get(id + "/items?order=asc").body["data"];
  CHECK(rest == Json{all[0], all[2], all[3]});
  CHECK(rig.get(id + "/items/" + second).status == 404);
  CHECK(rig.remove(id + "/items/" + second).status == 404);
  rig.ask("d", id);
  CHECK(rig.sent(1) == "user: a | user: c | assistant: Hi | user: d");
}

TEST_CASE("conversations: what cannot be one is refused by its name") {
  Rig rig;
  const std::string id = rig.begin();
  Json many = Json::array();
  for (int i = 0; i < 21; ++i) many.push_back(user("x"));
  Json pairs;
  for (int i = 0; i < 17; ++i) pairs[std::to_string(i)] = "x";
  const struct {
    std::string path;
    Json body;
    std::string param;
  } cases[] = {
      {"", {{"items", "x"}}, "items"},
      {"", {{"items", {"x"}}}, "items"},
      {"", {{"items", many}}, "items"},
      {"", {{"items", {{{"type", "item_reference"}, {"id", "x"}}}}}, "items[0]"},
      {"", {{"metadata", "x"}}, "metadata"},
      {"", {{"metadata", pairs}}, "metadata"},
      {"", {{"metadata", {{std::string(65, 'k'), "x"}}}}, "metadata"},
      {"", {{"metadata", {{"k", std::string(513, 'v')}}}}, "metadata.k"},
      {"", {{"metadata", {{"k", 1}}}}, "metadata.k"},
      {"/" + id, Json::object(), "metadata"},
      {"/" + id + "/items", Json::object(), "items"},
  };
  for (const auto& [path, body, param] : cases) {
    CAPTURE(dump(body));
    const Given refused = rig.send(path, body);
    CHECK(refused.status == 400);
    CHECK(refused.body["error"]["param"] == param);
  }
  CHECK(given(rig.http->Post("/v1/conversations", "[]", "application/json")).status == 400);
  CHECK(given(rig.http->Post("/v1/conversations", "{\"items\":[{]}", "application/json")).status ==
        400);
  CHECK(rig.send("", {{"metadata", nullptr}, {"items", nullptr}}).status == 200);
  CHECK(given(rig.http->Post("/v1/conversations", "", "application/json")).status == 200);
  // Characters, not bytes.
  CHECK(rig.send("", {{"metadata", {{"k", std::string(510, 'v') + "éé"}}}}).status == 200);
  CHECK(rig.get(id + "/elsewhere").status == 501);
}

TEST_CASE("conversations: one that is too long takes nothing more, and says so") {
  Rig rig;
  const std::string id = rig.begin();
  const std::string large(12 * 1024 * 1024, 'x');
  for (int i = 0; i < 2; ++i) {
    CHECK(rig.send("/" + id + "/items", {{"items", {user(large)}}}).status == 200);
  }
  for (const Given& refused :
       {rig.send("/" + id + "/items", {{"items", {user(large)}}}), rig.ask(large, id)}) {
    CHECK(refused.status == 400);
    CHECK(refused.body["error"]["code"] == "conversation_too_long");
  }
  CHECK(rig.get(id + "/items").body["data"].size() == 2);
  CHECK(rig.upstream.requests().empty());
}

TEST_CASE("conversations: they are their caller's") {
  struct ByHeader final : Gate {
    Result<Caller> admit(const Request& request) override {
      return Caller{std::string(request.headers.get("x-caller"))};
    }
  } gate;
  ScriptedUpstream upstream;
  answer_chat(upstream, {document("Hi")});
  const TestProxy proxy(chat_config(upstream), 1, nullptr, {}, false, nullptr, &gate);
  httplib::Client http("127.0.0.1", proxy.port());
  const httplib::Headers alice{{"x-caller", "alice"}};
  const httplib::Headers bob{{"x-caller", "bob"}};
  const std::string id =
      given(http.Post("/v1/conversations", alice, "{}", "application/json")).body["id"];
  CHECK(given(http.Get("/v1/conversations/" + id, alice)).status == 200);
  CHECK(given(http.Get("/v1/conversations/" + id, bob)).status == 404);
  const std::string body = dump({{"model", "m"}, {"input", "x"}, {"conversation", id}});
  CHECK(given(post(proxy, body, bob)).status == 404);
  CHECK(given(post(proxy, body, alice)).status == 200);
}
