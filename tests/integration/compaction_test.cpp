// Compaction before providers that know nothing of it: what Codex sends (tests/golden/codex) and
// what it has to get, over HTTP and over a socket.
#include <doctest/doctest.h>

#include <fstream>

#include "core/base64.h"
#include "fakes/responses_stream_rules.h"
#include "integration/chat_provider.h"
#include "integration/post.h"
#include "integration/session_client.h"
#include "source_dir.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

const std::string kSummary = "The house is blue.";

std::vector<Json> recorded(const std::string& name, const std::string& transport) {
  std::ifstream file(RP_SOURCE_DIR "/tests/golden/codex/" + name + ".json");
  REQUIRE(file);
  std::vector<Json> bodies;
  for (const Json& entry : Json::parse(file)) {
    if (entry["transport"] == transport) bodies.push_back(entry["body"]);
  }
  return bodies;
}

Reply calls_shell() {
  const Json call{{"index", 0},
                  {"id", "call_c0"},
                  {"function", {{"name", "exec_command"}, {"arguments", R"({"cmd":"x"})"}}}};
  return chunks({chunk({{"tool_calls", {call}}}), chunk(Json::object(), "tool_calls")});
}

Config sealing(const ScriptedUpstream& upstream, char key,
               const std::vector<std::string>& keys = {"sk-a"}) {
  Config config = chat_config(upstream, keys);
  config.secret_encryption_keys = {Secret(base64(std::string(32, key)))};
  return config;
}

httplib::Result post_to(const TestProxy& proxy, const std::string& path, const Json& body) {
  httplib::Client client("127.0.0.1", proxy.port());
  return client.Post(path, dump(body), "application/json");
}

// Exactly what Codex counts: one item, by its done event, and the end.
Json the_item(const std::vector<Json>& events) {
  std::vector<Json> items;
  for (const Json& event : events) {
    if (event["type"] == "response.output_item.done") items.push_back(event["item"]);
  }
  REQUIRE(items.size() == 1);
  CHECK(items[0]["type"] == "compaction");
  CHECK(events.back()["type"] == "response.completed");
  CHECK(events.back()["response"]["output"] == Json(items));
  return items[0];
}

// A request for a summary: nothing to call, and the wish for it last.
void check_asked_for_summary(const RecordedRequest& request) {
  const Json body = Json::parse(request.body);
  CHECK_FALSE(body.contains("tools"));
  CHECK_FALSE(body.contains("tool_choice"));
  const Json& last = body["messages"].back();
  CHECK(last["role"] == "user");
  CHECK(last["content"].get<std::string>().find("summary") != std::string::npos);
}

void check_goes_on(const RecordedRequest& request) {
  CHECK(request.body.find(kSummary) != std::string::npos);
  CHECK(request.body.find("encrypted_content") == std::string::npos);
}

// In place of the one that was recorded.
void put_item(Json& body, const Json& item) {
  bool found = false;
  for (Json& one : body["input"]) {
    if (one["type"] != "compaction") continue;
    one = item;
    found = true;
  }
  CHECK(found);
}

}  // namespace

TEST_CASE("compaction: Codex's trigger over HTTP, and the request after it on another replica") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {calls_shell(), says(kSummary), says("Done")});
  TestProxy proxy(sealing(upstream, 'k'));
  TestProxy replica(sealing(upstream, 'k'));
  std::vector<Json> bodies = recorded("v0171_http_compact_v2", "http");
  REQUIRE(bodies.size() == 3);
  REQUIRE(post(proxy, dump(bodies[0])));
  const auto compacted = post(proxy, dump(bodies[1]));
  REQUIRE(compacted);
  CHECK(compacted->status == 200);
  const std::vector<Json> events = events_in(compacted->body);
  check_stream_rules(events, bodies[1]);
  const Json item = the_item(events);
  CHECK(item["encrypted_content"].get<std::string>().starts_with("rpc1:"));
  check_asked_for_summary(upstream.requests().at(1));
  put_item(bodies[2], item);
  const auto next = post(replica, dump(bodies[2]));
  REQUIRE(next);
  CHECK(text_of(events_in(next->body)) == "Done");
  check_goes_on(upstream.requests().at(2));
  const RequestRecord record = proxy.records().wait_for(2).at(1);
  CHECK(record.completed);
  CHECK(record.usage.total == 13);
  CHECK(events.back()["response"]["id"] == record.response_id);
}

TEST_CASE("compaction: Codex's trigger over a socket, as an increment") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {calls_shell(), says(kSummary), says("Done")});
  TestProxy proxy(sealing(upstream, 'k'));
  SessionClient client(proxy);
  std::vector<Json> messages = recorded("v0171_ws_compact_v2", "ws-message");
  REQUIRE(messages.size() == 4);
  std::string latest;
  Json item;
  for (Json& message : messages) {
    if (message.contains("previous_response_id")) message["previous_response_id"] = latest;
    if (&message == &messages.back()) put_item(message, item);
    const auto events = client.ask(message);
    REQUIRE(type_of(events.back()) == "response.completed");
    latest = response_id_of(events);
    if (&message == &messages[2]) item = the_item(events);
  }
  const auto requests = upstream.requests();
  REQUIRE(requests.size() == 3);  // the warm-up is answered here
  check_asked_for_summary(requests[1]);
  CHECK(requests[1].body.find("step0") != std::string::npos);
  check_goes_on(requests[2]);
}

TEST_CASE("compaction: older Codexes ask an endpoint of its own") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {says("Hi"), document(kSummary), says("Done"), document(kSummary)});
  TestProxy proxy(sealing(upstream, 'k'));
  std::vector<Json> bodies = recorded("v0120_http_compact", "http");
  REQUIRE(bodies.size() == 5);
  REQUIRE(post(proxy, dump(bodies[0])));
  Json item;
  for (const std::size_t compact : {1U, 3U}) {
    if (compact == 3) put_item(bodies[3], item);
    const auto answer = post_to(proxy, "/v1/responses/compact", bodies[compact]);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->get_header_value("content-type") == "application/json");
    const Json compaction = Json::parse(answer->body);
    CHECK(compaction["object"] == "response.compaction");
    CHECK(compaction["usage"]["total_tokens"] == 13);
    REQUIRE(compaction["output"].size() == 1);
    item = compaction["output"][0];
    CHECK(item["type"] == "compaction");
    if (compact == 3) break;
    put_item(bodies[2], item);
    REQUIRE(post(proxy, dump(bodies[2])));
  }
  const auto requests = upstream.requests();
  REQUIRE(requests.size() == 4);
  check_asked_for_summary(requests[1]);
  check_goes_on(requests[2]);
  check_asked_for_summary(requests[3]);
  check_goes_on(requests[3]);
}

TEST_CASE("compaction: a summary that cannot be opened ends the turn, and says why") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {document(kSummary)});
  TestProxy proxy(sealing(upstream, 'k'));
  const auto compacted =
      post_to(proxy, "/v1/responses/compact", {{"model", "m"}, {"input", "Paint the house."}});
  REQUIRE(compacted);
  const Json items = Json::parse(compacted->body)["output"];
  for (const bool keyless : {false, true}) {
    TestProxy stranger(keyless ? chat_config(upstream) : sealing(upstream, 'x'));
    const auto result = post(stranger, dump({{"model", "m"}, {"input", items}}));
    REQUIRE(result);
    CHECK(result->status == 400);
    const Json error = Json::parse(result->body)["error"];
    CHECK(error["code"] == "invalid_encrypted_content");
    CHECK(error["param"] == "input[0].encrypted_content");
    SessionClient client(stranger);
    const auto events = client.ask({{"type", "response.create"}, {"model", "m"}, {"input", items}});
    CHECK(events.back()["error"]["code"] == "invalid_encrypted_content");
  }
  CHECK(upstream.requests().size() == 1);
}

TEST_CASE("compaction: a summarising call moves to another key as every request does") {
  ScriptedUpstream upstream;
  const Json trouble{{"error", {{"code", 502}, {"message", "Provider returned error"}}}};
  answer_chat(upstream, {json_reply(trouble, 502), chunks({trouble}, false), says(kSummary)});
  TestProxy proxy(sealing(upstream, 'k', {"sk-a", "sk-b", "sk-c"}));
  const Json input =
      Json::parse(R"([{"role":"user","content":"x"},{"type":"compaction_trigger"}])");
  const auto result = post(proxy, dump({{"model", "m"}, {"stream", true}, {"input", input}}));
  REQUIRE(result);
  CHECK(result->get_header_value("x-proxy-decision") == "failover");
  the_item(events_in(result->body));
  CHECK(proxy.records().wait_for(1).at(0).attempts.size() == 3);
}

TEST_CASE("compaction: a conversation that is too long is summarised first, then answered") {
  for (const bool stream : {false, true}) {
    for (const bool socket : {false, true}) {
      if (socket && !stream) continue;
      CAPTURE(stream);
      CAPTURE(socket);
      ScriptedUpstream upstream;
      answer_chat(upstream, {stream ? says("Fine") : document("Fine"),
                             stream ? says(kSummary) : document(kSummary),
                             stream ? says("Yellow") : document("Yellow"),
                             stream ? says("Still") : document("Still")});
      TestProxy proxy(sealing(upstream, 'k'));
      SessionClient client(proxy);
      const Json managed{{{"type", "compaction"}, {"compact_threshold", 100}}};
      const auto ask = [&](const std::string& text, const std::string& previous) {
        Json body{{"model", "m"}, {"instructions", "be kind"}, {"input", text}};
        body["context_management"] = managed;
        if (!previous.empty()) body["previous_response_id"] = previous;
        if (socket) {
          body["type"] = "response.create";
          const auto events = client.ask(body);
          check_stream_rules(events, body);
          return events.back()["response"];
        }
        body["stream"] = stream;
        const auto result = post(proxy, dump(body));
        REQUIRE(result);
        CHECK(result->status == 200);
        if (!stream) return Json::parse(result->body);
        check_stream_rules(events_in(result->body), body);
        return Json(events_in(result->body).back()["response"]);
      };
      const Json first = ask(std::string(500, 'x'), "");
      const Json second = ask("And the door?", first["id"]);
      REQUIRE(second["output"].size() == 2);
      CHECK(second["output"][0]["type"] == "compaction");
      CHECK(second["output"][1]["content"][0]["text"] == "Yellow");
      CHECK(second["usage"]["total_tokens"] == 26);
      const auto requests = upstream.requests();
      REQUIRE(requests.size() == 3);
      check_asked_for_summary(requests[1]);
      const Json messages = messages_of(requests[2]);
      REQUIRE(messages.size() == 3);
      CHECK(messages[0]["content"] == "be kind");
      check_goes_on(requests[2]);
      CHECK(messages[2]["content"] == "And the door?");
      // The turn after it goes on from there.
      const Json third = ask("Sure?", second["id"]);
      CHECK(third["output"].size() == 1);
      const Json later = messages_of(upstream.requests().at(3));
      REQUIRE(later.size() == 4);
      CHECK(later[2]["content"] == "Yellow");
      const RequestRecord record = proxy.records().wait_for(3).at(1);
      CHECK(record.completed);
      CHECK(record.adjusted == "compacted");
      CHECK(record.usage.total == 26);
      CHECK(record.attempts.size() == 2);
    }
  }
}

TEST_CASE("compaction: what follows the summary moves to another key without a second summary") {
  const Json trouble{{"error", {{"code", 502}, {"message", "Provider returned error"}}}};
  const Json input = {{{"role", "user"}, {"content", std::string(500, 'x')}},
                      {{"role", "assistant"}, {"content", "Fine"}},
                      {{"role", "user"}, {"content", "And the door?"}}};
  const Json body{{"model", "m"},
                  {"input", input},
                  {"stream", true},
                  {"context_management", {{{"type", "compaction"}, {"compact_threshold", 100}}}}};
  {
    ScriptedUpstream upstream;
    answer_chat(upstream, {says(kSummary), json_reply(trouble, 502), says("Yellow")});
    Config config = sealing(upstream, 'k', {"sk-a", "sk-b"});
    config.max_attempts = 2;
    TestProxy proxy(config);
    const auto result = post(proxy, dump(body));
    REQUIRE(result);
    CHECK(text_of(events_in(result->body)) == "Yellow");
    CHECK(upstream.requests().size() == 3);
    CHECK(proxy.records().wait_for(1).at(0).attempts.size() == 3);
  }
  // Where there is no summary, there is no answer.
  ScriptedUpstream upstream;
  answer_chat(upstream, {json_reply(trouble, 502)});
  TestProxy proxy(sealing(upstream, 'k'));
  const auto result = post(proxy, dump(body));
  REQUIRE(result);
  CHECK(result->status == 502);
  CHECK(upstream.requests().size() == 1);
}

TEST_CASE("compaction: a warm-up is no request for a summary") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {says("Hi")});
  TestProxy proxy(sealing(upstream, 'k'));
  SessionClient client(proxy);
  Json warm = create("x", {{"generate", false}});
  warm["input"] = {{{"role", "user"}, {"content", std::string(500, 'x')}},
                   {{"role", "assistant"}, {"content", "Fine"}}};
  warm["context_management"] = {{{"type", "compaction"}, {"compact_threshold", 100}}};
  CHECK(type_of(client.ask(warm).back()) == "response.completed");
  CHECK(upstream.requests().empty());
}

TEST_CASE("compaction: one that breaks off is a failed response, and nothing of it is an item") {
  Reply cut = chunks({chunk({{"content", "The ho"}})}, false);
  ScriptedUpstream upstream;
  answer_chat(upstream, {cut});
  TestProxy proxy(sealing(upstream, 'k'));
  const Json input =
      Json::parse(R"([{"role":"user","content":"x"},{"type":"compaction_trigger"}])");
  const std::vector<Json> events = events_in(post_reading(
      proxy, dump({{"model", "m"}, {"stream", true}, {"input", input}}), [](const auto&) {}));
  REQUIRE_FALSE(events.empty());
  CHECK(events.back()["type"] == "response.failed");
  CHECK(events.back()["response"]["output"].empty());
}

TEST_CASE("anthropic messages: why a model has declined is on record") {
  Reply refusal = json_reply({{"type", "message"},
                              {"content", Json::array()},
                              {"stop_reason", "refusal"},
                              {"stop_details", {{"category", "cyber"}, {"explanation", "No."}}},
                              {"usage", {{"input_tokens", 1}, {"output_tokens", 1}}}});
  ScriptedUpstream upstream;
  upstream.add({"", "POST", "/v1/messages", {refusal}, true});
  Config config = config_for(upstream);
  config.resources[0].wire_api = "anthropic_messages";
  TestProxy proxy(config);
  const auto result = post(proxy, R"({"model":"m","input":"x"})");
  REQUIRE(result);
  const Json response = Json::parse(result->body);
  CHECK(response["incomplete_details"]["reason"] == "content_filter");
  CHECK(response["output"][0]["content"][0]["refusal"] == "No.");
  CHECK(proxy.records().wait_for(1).at(0).error == "refusal: cyber");
}
