// Responses that are kept in a provider's place, over HTTP: read back, given again, deleted,
// listed, counted, made in the background.
#include <doctest/doctest.h>

#include "core/response_id.h"
#include "fakes/responses_bodies.h"
#include "fakes/responses_stream_rules.h"
#include "fakes/wait_until.h"
#include "integration/post.h"
#include "integration/session_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Reply kept_stream_of(const std::vector<std::string>& texts, const char* gate = nullptr) {
  Reply reply;
  reply.headers.add("Content-Type", "text/event-stream");
  const auto write = [&reply](const Json& json) {
    reply.steps.push_back(Step::write("data: " + dump(json) + "\n\n"));
  };
  for (const std::string& text : texts) {
    write({{"choices", {{{"index", 0}, {"delta", {{"content", text}}}}}}});
    if (gate != nullptr) reply.steps.push_back(Step::gate(gate));
    gate = nullptr;
  }
  write({{"choices", {{{"index", 0}, {"delta", Json::object()}, {"finish_reason", "stop"}}}}});
  write({{"choices", Json::array()},
         {"usage", {{"prompt_tokens", 10}, {"completion_tokens", 3}, {"total_tokens", 13}}}});
  reply.steps.push_back(Step::write("data: [DONE]\n\n"));
  return reply;
}

Reply kept_document_of(const std::string& text) {
  return json_reply(
      {{"choices",
        {{{"index", 0},
          {"message", {{"role", "assistant"}, {"content", text}}},
          {"finish_reason", "stop"}}}},
       {"usage", {{"prompt_tokens", 10}, {"completion_tokens", 3}, {"total_tokens", 13}}}});
}

Config kept_config(const ScriptedUpstream& upstream, const char* wire_api = "chat_completions") {
  Config config = config_for(upstream);
  config.resources[0].wire_api = wire_api;
  return config;
}

void chat_answers(ScriptedUpstream& upstream, std::vector<Reply> replies) {
  upstream.add({"", "POST", "/v1/chat/completions", std::move(replies), true});
}

struct KeptClient {
  explicit KeptClient(const TestProxy& proxy) : http("127.0.0.1", proxy.port()) {
    http.set_read_timeout(30);
  }
  httplib::Result get(const std::string& path) { return http.Get("/v1/responses/" + path); }
  Json json(const std::string& path, int status = 200) {
    const auto result = get(path);
    REQUIRE(result);
    CHECK(result->status == status);
    return Json::parse(result->body);
  }
  httplib::Client http;
};

}  // namespace

TEST_CASE("kept responses: a document is read back as it was, until it is deleted") {
  ScriptedUpstream upstream;
  chat_answers(upstream, {kept_document_of("Hi there")});
  TestProxy proxy(kept_config(upstream));
  KeptClient client(proxy);
  const auto made = post(proxy, R"({"model":"m","input":"hello","metadata":{"a":"b"}})");
  REQUIRE(made);
  const std::string id = Json::parse(made->body)["id"];
  CHECK(client.get(id)->body == made->body);
  CHECK(client.get(id + "?include[]=reasoning.encrypted_content")->body == made->body);
  const auto deleted = client.http.Delete("/v1/responses/" + id);
  REQUIRE(deleted);
  CHECK(deleted->body == R"({"id":")" + id + R"(","object":"response","deleted":true})");
  const Json error = client.json(id, 404)["error"];
  CHECK(error["message"] == "Response with id '" + id + "' not found.");
  CHECK(error["type"] == "invalid_request_error");
  CHECK(client.http.Delete("/v1/responses/" + id)->status == 404);
  client.json(id + "/input_items", 404);
  const auto continued =
      post(proxy, R"({"model":"m","input":"x","previous_response_id":")" + id + "\"}");
  CHECK(continued->status == 400);
  CHECK(Json::parse(continued->body)["error"]["code"] == "previous_response_not_found");
  CHECK(upstream.requests().size() == 1);
  for (const RequestRecord& record : proxy.records().wait_for(8)) {
    CHECK((record.usage.empty() || record.method == "POST"));
  }
}

TEST_CASE("kept responses: a stream is given again event by event, after any of them") {
  ScriptedUpstream upstream;
  chat_answers(upstream, {kept_stream_of({"Hel", "lo ", "there"})});
  TestProxy proxy(kept_config(upstream));
  KeptClient client(proxy);
  const auto made = post(proxy, R"({"model":"m","input":"hello","stream":true})");
  REQUIRE(made);
  const auto events = events_in(made->body);
  const std::string id = response_id_of(events);
  const auto again = client.get(id + "?stream=true");
  CHECK(again->get_header_value("content-type") == "text/event-stream");
  CHECK(again->body == made->body);
  CHECK(dump(client.json(id)) == dump(events.back()["response"]));
  const auto rest = events_in(client.get(id + "?stream=true&starting_after=5")->body);
  REQUIRE(rest.size() == events.size() - 6);
  for (std::size_t i = 0; i < rest.size(); ++i) CHECK(dump(rest[i]) == dump(events[i + 6]));
  CHECK(client.get(id + "?stream=true&starting_after=x")->status == 400);
}

TEST_CASE("kept responses: a stream that broke off is read back as what has failed") {
  for (const bool broken : {true, false}) {
    CAPTURE(broken);
    ScriptedUpstream upstream;
    Reply cut = kept_stream_of({"Hel", "lo"});
    cut.steps.resize(2);
    if (broken) cut.steps.push_back(Step::reset());
    chat_answers(upstream, {cut});
    TestProxy proxy(kept_config(upstream));
    KeptClient client(proxy);
    for (const bool store : {true, false}) {
      const Json asked{{"model", "m"}, {"input", "hello"}, {"stream", true}, {"store", store}};
      const auto events = events_in(post_reading(proxy, dump(asked), [](const std::string&) {}));
      REQUIRE(type_of(events.back()) == "response.failed");
      const std::string id = response_id_of(events);
      const Json kept = client.json(id, store ? 200 : 404);
      if (!store) continue;
      CHECK(dump(kept) == dump(events.back()["response"]));
      CHECK(kept["status"] == "failed");
      const auto again = events_in(client.get(id + "?stream=true")->body);
      CHECK(type_of(again.back()) == "response.failed");
      CHECK(client.json(id + "/input_items")["data"].size() == 1);
    }
  }
}

TEST_CASE("kept responses: what is not to be stored is continued, and not read back") {
  ScriptedUpstream upstream;
  chat_answers(upstream, {kept_document_of("Hi")});
  TestProxy proxy(kept_config(upstream));
  KeptClient client(proxy);
  const auto made = post(proxy, R"({"model":"m","input":"hello","store":false})");
  const std::string id = Json::parse(made->body)["id"];
  client.json(id, 404);
  client.json(id + "/input_items", 404);
  const auto next =
      post(proxy, R"({"model":"m","input":"more","previous_response_id":")" + id + "\"}");
  CHECK(next->status == 200);
  CHECK(Json::parse(upstream.requests().at(1).body)["messages"].size() == 3);
}

TEST_CASE("kept responses: the items that a response was made from") {
  ScriptedUpstream upstream;
  chat_answers(upstream, {kept_document_of("one"), kept_document_of("two")});
  TestProxy proxy(kept_config(upstream));
  KeptClient client(proxy);
  const std::string first = Json::parse(post(proxy, R"({"model":"m","input":"a"})")->body)["id"];
  const std::string second = Json::parse(
      post(proxy, R"({"model":"m","input":"b","previous_response_id":")" + first + "\"}")
          ->body)["id"];
  const Json items = client.json(second + "/input_items?order=asc&limit=2");
  CHECK(items["data"].size() == 2);
  CHECK(items["data"][0]["content"][0]["text"] == "a");
  CHECK(items["data"][1]["content"][0]["text"] == "one");
  CHECK(items["has_more"] == true);
  const Json rest =
      client.json(second + "/input_items?order=asc&after=" + items["last_id"].get<std::string>());
  REQUIRE(rest["data"].size() == 1);
  CHECK(rest["data"][0]["content"][0]["text"] == "b");
  CHECK(client.json(second + "/input_items")["data"][0] == rest["data"][0]);
  client.json(second + "/input_items?limit=0", 400);
}

TEST_CASE("kept responses: what came over a socket is read back over HTTP") {
  ScriptedUpstream upstream;
  chat_answers(upstream, {kept_stream_of({"Hi"})});
  TestProxy proxy(kept_config(upstream));
  SessionClient session(proxy);
  const auto events = session.ask(create("go", {{"store", true}}));
  KeptClient client(proxy);
  CHECK(dump(client.json(response_id_of(events))) == dump(events.back()["response"]));
}

TEST_CASE("kept responses: a caller's are nobody else's") {
  ScriptedUpstream upstream;
  chat_answers(upstream, {kept_document_of("Hi")});
  Config config = kept_config(upstream);
  config.client_tokens = {{"alice", Secret("token-of-alice")}, {"bob", Secret("token-of-bob")}};
  TestProxy proxy(config);
  KeptClient client(proxy);
  const httplib::Headers alice{{"authorization", "Bearer token-of-alice"}};
  const httplib::Headers bob{{"authorization", "Bearer token-of-bob"}};
  const auto made = post(proxy, R"({"model":"m","input":"hello"})", alice);
  const std::string path = "/v1/responses/" + Json::parse(made->body)["id"].get<std::string>();
  CHECK(client.http.Get(path, bob)->status == 404);
  CHECK(client.http.Delete(path, bob)->status == 404);
  CHECK(client.http.Get(path, alice)->status == 200);
}

TEST_CASE("kept responses: ids of others go to upstreams that keep theirs") {
  ScriptedUpstream upstream;
  upstream.add(
      {"", "GET", "", {json_reply({{"id", "resp_theirs"}, {"object", "response"}})}, true});
  chat_answers(upstream, {kept_document_of("Hi")});
  Config config = config_for(upstream, {"sk-a", "sk-b"});
  config.resources[0].wire_api = "chat_completions";
  TestProxy proxy(config);
  KeptClient client(proxy);
  for (const char* id : {"resp_theirs", "resp_0123456789abcdef0123456789abcdef"}) {
    CHECK(client.json(id)["id"] == "resp_theirs");
  }
  CHECK(upstream.requests_of("sk-b").size() == 2);
  CHECK(upstream.requests_of("sk-a").empty());
}

TEST_CASE("kept responses: made in the background, polled, counted once") {
  ScriptedUpstream upstream;
  Reply slow = kept_document_of("Done");
  slow.before_head = {Step::gate("go")};
  chat_answers(upstream, {slow});
  TestProxy proxy(kept_config(upstream));
  KeptClient client(proxy);
  const auto made = post(proxy, R"({"model":"m","input":"hello","background":true})");
  REQUIRE(made);
  const Json queued = Json::parse(made->body);
  CHECK(queued["status"] == "queued");
  const std::string id = queued["id"];
  CHECK(is_own_response_id(id));
  CHECK(client.json(id)["status"] == "in_progress");
  CHECK(client.json(id + "/input_items")["data"][0]["content"][0]["text"] == "hello");
  const auto early =
      post(proxy, R"({"model":"m","input":"x","previous_response_id":")" + id + "\"}");
  CHECK(early->status == 400);
  CHECK(Json::parse(early->body)["error"]["code"] == "response_not_completed");
  upstream.open_gate("go");
  CHECK(wait_until([&] { return client.json(id)["status"] == "completed"; }));
  CHECK(client.json(id)["output"][0]["content"][0]["text"] == "Done");
  const auto next =
      post(proxy, R"({"model":"m","input":"x","previous_response_id":")" + id + "\"}");
  CHECK(next->status == 200);
  proxy.wait_until_idle();
  std::int64_t tokens = 0;
  for (const RequestRecord& record : proxy.records().wait_for(4)) {
    if (record.response_id == id) tokens += record.usage.total.value_or(0);
  }
  CHECK(tokens == 13);
}

TEST_CASE("kept responses: cancelled in the background, the provider is left alone") {
  ScriptedUpstream upstream;
  Reply slow = kept_document_of("Done");
  slow.before_head = {Step::gate("never")};
  chat_answers(upstream, {slow});
  TestProxy proxy(kept_config(upstream));
  KeptClient client(proxy);
  const auto made = post(proxy, R"({"model":"m","input":"hello","background":true})");
  const std::string id = Json::parse(made->body)["id"];
  CHECK(upstream.wait_for_requests(1));
  const auto cancelled = client.http.Post("/v1/responses/" + id + "/cancel");
  REQUIRE(cancelled);
  CHECK(Json::parse(cancelled->body)["status"] == "cancelled");
  CHECK(proxy.wait_until_idle());
  CHECK(client.json(id)["status"] == "cancelled");
  upstream.open_gate("never");
}

TEST_CASE("kept responses: tokens are counted where the provider can") {
  ScriptedUpstream upstream;
  upstream.add(
      {"", "POST", "/v1/messages/count_tokens", {json_reply({{"input_tokens", 42}})}, true});
  const std::string body = R"({"model":"claude-opus-4-7","input":"hello"})";
  const std::string path = "/v1/responses/input_tokens";
  {
    TestProxy proxy(kept_config(upstream, "anthropic_messages"));
    KeptClient client(proxy);
    const auto counted = client.http.Post(path, body, "application/json");
    REQUIRE(counted);
    CHECK(counted->status == 200);
    CHECK(counted->body == R"({"object":"response.input_tokens","input_tokens":42})");
    CHECK(proxy.records().wait_for(1).at(0).usage.empty());
  }
  TestProxy proxy(kept_config(upstream));
  KeptClient client(proxy);
  const auto refused = client.http.Post(path, body, "application/json");
  REQUIRE(refused);
  CHECK(refused->status == 501);
  CHECK(Json::parse(refused->body)["error"]["code"] == "unsupported_endpoint");
}

TEST_CASE("kept responses: a response of an alias is read back under the alias") {
  ScriptedUpstream upstream;
  const Json theirs{{"id", "resp_1"},
                    {"object", "response"},
                    {"status", "completed"},
                    {"model", "gpt-mini-2026"},
                    {"output", Json::array()}};
  upstream.add({"", "POST", "/v1/responses", {json_reply(theirs)}, true});
  upstream.add({"", "GET", "", {json_reply(theirs)}, true});
  Config config = config_for(upstream);
  config.aliases = {{"team/fast", {{.resource_ids = {"openai-1"}, .model = "gpt-mini"}}}};
  TestProxy proxy(config);
  KeptClient client(proxy);
  CHECK(Json::parse(post(proxy, R"({"model":"gpt-mini","input":"x"})")->body)["model"] ==
        "gpt-mini-2026");
  CHECK(client.json("resp_1")["model"] == "gpt-mini-2026");
  CHECK(Json::parse(post(proxy, R"({"model":"team/fast","input":"x"})")->body)["model"] ==
        "team/fast");
  CHECK(client.json("resp_1")["model"] == "team/fast");
}
