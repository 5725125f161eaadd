#include "demo/demo_upstream.h"

#include <doctest/doctest.h>
#include <httplib.h>

#include "core/json.h"
#include "demo/demo_memory.h"
#include "demo/demo_text.h"
#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

struct Answer {
  int status = 0;
  std::string text;
  Json body;
};

class Demo {
 public:
  Demo() { REQUIRE(upstream_.start()); }

  Answer call(const std::string& method, const std::string& path, const std::string& token,
              const Json& body = nullptr) {
    // A connection per call: an idle one would hold up the end of the test.
    httplib::Client client(upstream_.base_url().substr(0, upstream_.base_url().size() - 3));
    httplib::Request request;
    request.method = method;
    request.path = "/v1" + path;
    request.headers = {{"Authorization", "Bearer " + token}, {"Connection", "close"}};
    if (!body.is_null()) request.body = dump(body);
    const httplib::Result result = client.send(request);
    REQUIRE(result);
    return {result->status, result->body, Json::parse(result->body, nullptr, false)};
  }

  Answer create(const std::string& token, const Json& fields) {
    Json body = {{"model", "gpt-4.1-mini"}, {"input", "Hi"}};
    body.update(fields);
    return call("POST", "/responses", token, body);
  }

 private:
  testing::ManualClock clock_;
  SeededRandom random_{1};
  DemoUpstream upstream_{clock_, random_, Millis(0)};
};

std::vector<Json> events_in(const std::string& stream) {
  std::vector<Json> events;
  for (std::size_t at = 0; (at = stream.find("\ndata: ", at)) != std::string::npos;) {
    at += 7;
    events.push_back(Json::parse(stream.substr(at, stream.find("\n\n", at) - at)));
  }
  return events;
}

}  // namespace

TEST_CASE("a request is answered with text and usage") {
  Demo demo;
  const Answer answer = demo.create("sk-demo-1", {{"input", "Reply with exactly: smoke ok"},
                                                  {"metadata", {{"session_id", "s1"}}}});
  CHECK(answer.status == 200);
  CHECK(answer.body["object"] == "response");
  CHECK(answer.body["status"] == "completed");
  CHECK(answer.body["model"] == "gpt-4.1-mini");
  CHECK(answer.body["metadata"]["session_id"] == "s1");
  CHECK(answer.body["output"][0]["content"][0]["text"] == "smoke ok");
  CHECK(answer.body["usage"]["input_tokens"] == 5);
  CHECK(answer.body["usage"]["output_tokens"] == 2);
  CHECK(answer.body["usage"]["total_tokens"] == 7);
}

TEST_CASE("a stream has every event in order, and is remembered under its id") {
  Demo demo;
  const Answer answer =
      demo.create("sk-demo-1", {{"input", "Reply with exactly: one two three"}, {"stream", true}});
  CHECK(answer.status == 200);
  const auto events = events_in(answer.text);
  REQUIRE(events.size() == 11);
  std::string text;
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i]["sequence_number"] == i);
    if (events[i]["type"] == "response.output_text.delta") {
      text += events[i]["delta"].get<std::string>();
    }
  }
  CHECK(text == "one two three");
  CHECK(events.front()["type"] == "response.created");
  CHECK(events.front()["response"]["status"] == "in_progress");
  CHECK(events.back()["type"] == "response.completed");
  const std::string id = events.back()["response"]["id"];
  CHECK(events.front()["response"]["id"] == id);
  CHECK(demo.call("GET", "/responses/" + id, "sk-demo-1").body == events.back()["response"]);
}

TEST_CASE("keys that are not the demo's are refused") {
  Demo demo;
  const Answer answer = demo.create("sk-other", Json::object());
  CHECK(answer.status == 401);
  CHECK(answer.body["error"]["code"] == "invalid_api_key");
  CHECK(answer.text.find("sk-other") == std::string::npos);
  CHECK(demo.call("GET", "/models", "sk-other").status == 401);
}

TEST_CASE("a response is known to the key that made it, and to no other") {
  Demo demo;
  const std::string id = demo.create("sk-demo-1", Json::object()).body["id"];
  CHECK(demo.call("GET", "/responses/" + id, "sk-demo-1").body["id"] == id);
  const Answer elsewhere = demo.call("GET", "/responses/" + id, "sk-demo-2");
  CHECK(elsewhere.status == 404);
  CHECK(elsewhere.body["error"]["message"] == "Response with id '" + id + "' not found.");

  CHECK(demo.create("sk-demo-1", {{"previous_response_id", id}}).status == 200);
  const Answer continued = demo.create("sk-demo-2", {{"previous_response_id", id}});
  CHECK(continued.status == 400);
  CHECK(continued.body["error"]["code"] == "previous_response_not_found");
  CHECK(continued.body["error"]["param"] == "previous_response_id");
}

TEST_CASE("responses can be listed from, cancelled and deleted as far as OpenAI allows") {
  Demo demo;
  const std::string id = demo.create("sk-demo-1", {{"input", "What is new?"}}).body["id"];
  const Answer items = demo.call("GET", "/responses/" + id + "/input_items", "sk-demo-1");
  CHECK(items.body["object"] == "list");
  CHECK(items.body["data"][0]["content"][0]["text"] == "What is new?");
  CHECK(demo.call("POST", "/responses/" + id + "/cancel", "sk-demo-1").status == 400);
  const std::string background = demo.create("sk-demo-1", {{"background", true}}).body["id"];
  CHECK(demo.call("POST", "/responses/" + background + "/cancel", "sk-demo-1").status == 200);
  CHECK(demo.call("DELETE", "/responses/" + id, "sk-demo-2").status == 404);
  CHECK(demo.call("DELETE", "/responses/" + id, "sk-demo-1").body["deleted"] == true);
  CHECK(demo.call("GET", "/responses/" + id, "sk-demo-1").status == 404);
  const std::string unstored = demo.create("sk-demo-1", {{"store", false}}).body["id"];
  CHECK(demo.call("GET", "/responses/" + unstored, "sk-demo-1").status == 404);
}

TEST_CASE("conversations belong to a key, too") {
  Demo demo;
  const std::string id = demo.call("POST", "/conversations", "sk-demo-1").body["id"];
  CHECK(demo.call("GET", "/conversations/" + id, "sk-demo-1").status == 200);
  CHECK(demo.call("GET", "/conversations/" + id, "sk-demo-2").status == 404);
  CHECK(demo.create("sk-demo-1", {{"conversation", id}}).body["conversation"]["id"] == id);
  CHECK(demo.create("sk-demo-2", {{"conversation", {{"id", id}}}}).status == 404);
  CHECK(demo.call("DELETE", "/conversations/" + id, "sk-demo-1").body["deleted"] == true);
  CHECK(demo.call("GET", "/conversations/" + id, "sk-demo-1").status == 404);
}

TEST_CASE("the other endpoints answer in their shapes") {
  Demo demo;
  CHECK(demo.call("GET", "/models", "sk-demo-1").body["data"][1]["id"] == "gpt-4.1-mini");
  CHECK(demo.call("GET", "/models/gpt-5.5", "sk-demo-1").body["object"] == "model");
  CHECK(demo.call("GET", "/models/none", "sk-demo-1").body["error"]["code"] == "model_not_found");
  const Json body = {{"model", "gpt-5.5"}, {"input", "three small words"}};
  CHECK(demo.call("POST", "/responses/input_tokens", "sk-demo-1", body).body["input_tokens"] == 3);
  const Answer compacted = demo.call("POST", "/responses/compact", "sk-demo-1", body);
  CHECK(compacted.body["object"] == "response.compaction");
  CHECK(compacted.body["output"].back()["type"] == "compaction");
  CHECK(demo.call("GET", "/nonsense", "sk-demo-1").body["error"]["message"] ==
        "Invalid URL (GET /v1/nonsense)");
}

TEST_CASE("bad requests are named") {
  Demo demo;
  CHECK(demo.call("POST", "/responses", "sk-demo-1", "text").status == 400);
  const Answer answer = demo.call("POST", "/responses", "sk-demo-1", {{"input", "Hi"}});
  CHECK(answer.status == 400);
  CHECK(answer.body["error"]["param"] == "model");
}

TEST_CASE("the prompt is the last user message, whatever its shape") {
  using demo::last_user_text;
  CHECK(last_user_text("plain") == "plain");
  CHECK(last_user_text(Json::parse(R"([
    {"role": "user", "content": "first"},
    {"role": "user", "content": [{"type": "input_text", "text": "last"}, {"type": "input_image"}]},
    {"type": "function_call_output", "call_id": "c", "output": "x"}])")) == "last");
  CHECK(last_user_text(nullptr).empty());
}

TEST_CASE("answers are the exact text asked for, or a sentence that quotes the prompt") {
  using demo::answer_to;
  CHECK(answer_to("Please Reply with exactly:  smoke ok \nThanks") == "smoke ok");
  CHECK(answer_to("How are you?").find("\"How are you?\"") != std::string::npos);
  CHECK_FALSE(answer_to("").empty());
}

TEST_CASE("memory forgets the oldest") {
  demo::DemoMemory memory(2);
  memory.put("k", "a", 1);
  memory.put("k", "b", 2);
  memory.put("k", "b", 3);
  memory.put("k", "c", 4);
  CHECK_FALSE(memory.find("k", "a"));
  CHECK(memory.find("k", "b") == Json(3));
  CHECK(memory.find("k", "c") == Json(4));
}

}  // namespace responses_proxy
