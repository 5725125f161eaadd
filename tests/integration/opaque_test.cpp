// What nobody here knows passes untouched, both ways.
#include <doctest/doctest.h>

#include <fstream>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/test_proxy.h"
#include "source_dir.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

struct Sample {
  std::string what;
  std::string text;
};

// Codex's own requests, of several versions and dialects.
std::vector<Sample> recorded_requests() {
  std::vector<Sample> samples;
  for (const std::string name :
       {"http_gpt55", "http_default", "v0120_http_gpt54", "v0171_http_default", "v0171_http_gpt55",
        "v0171_http_unknown", "v0171_http_tui_unknown", "v0171_http_catalog_url",
        "v0171_http_compact_v2", "v0171_http_steer_gpt55", "v0171_http_subagent_default",
        "v0171_http_subagent_unknown", "v0171_http_alpha_search"}) {
    std::ifstream file(RP_SOURCE_DIR "/tests/golden/codex/" + name + ".json");
    for (const Json& request : Json::parse(file)) {
      if (request.value("url", "") != "/v1/responses") continue;
      samples.push_back({name, request.at("body").dump()});
    }
  }
  return samples;
}

std::vector<Sample> made_up_requests() {
  return {
      {"unknown fields, items and tools, keys and tools in odd order",
       R"({ "zz":1.50, "tools":[{"type":"from_the_future","b":1,"a":{"z":[],"y":2e3}},)"
       R"({"parameters":{"type":"object"},"name":"f","type":"function"}],"model":"m",)"
       R"("input":[{"type":"new_item","payload":[null,{"x":"\u00e9"}]}],"a":"b" })"},
      {"tools inside an input item",
       R"({"model":"m","input":[{"type":"additional_tools","tools":[{"type":"namespace","name":)"
       R"("functions","tools":[{"type":"custom","name":"exec","format":{"type":"grammar"}}]}]},)"
       R"({"role":"user","content":"x"}]})"},
      {"custom and namespaced calls, outputs out of order and twice",
       R"({"model":"m","input":[{"type":"custom_tool_call","call_id":"c1","namespace":"functions",)"
       R"("name":"exec","input":"a\nb"},{"type":"function_call","call_id":"c2","name":"f",)"
       R"("arguments":"{}"},{"type":"function_call_output","call_id":"c2","output":"2"},)"
       R"({"type":"custom_tool_call_output","call_id":"c1","output":"1"},)"
       R"({"type":"function_call_output","call_id":"c2","output":"2 again"}]})"},
      {"instructions, input as a string", R"({"model":"m","instructions":"be brief","input":"x"})"},
      {"no instructions, developer messages in the middle",
       R"({"model":"m","input":[{"role":"user","content":"a"},{"role":"developer","content":"b"},)"
       R"({"role":"user","content":[{"type":"input_text","text":"c"}]}]})"},
  };
}

std::string event(const std::string& type, const std::string& fields) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + fields + "}\n\n";
}

std::vector<Sample> streams() {
  const std::string created = event("response.created", R"("response":{"id":"resp_1"})");
  const std::string completed = event(
      "response.completed", R"("response":{"id":"resp_1","status":"completed","x_new":[{}],)"
                            R"("usage":{"input_tokens":11,"output_tokens":7,"total_tokens":18}})");
  return {
      {"unknown events and fields",
       created + event("response.from_the_future.delta", R"("delta":{"z":1,"a":[2.0]},"zz":null)") +
           event("codex.rate_limits", R"("plan":"x")") + event("keepalive", R"("n":1)") +
           completed},
      {"unknown items",
       created + event("response.output_item.added", R"("item":{"type":"new_item","id":"x_1"})") +
           event("response.output_item.done", R"("item":{"type":"new_item","id":"x_1","y":{}})") +
           completed},
      {"a custom tool call in a namespace",
       created +
           event("response.custom_tool_call_input.delta", R"("item_id":"ctc_1","delta":"a\nb")") +
           event("response.output_item.done",
                 R"("item":{"type":"custom_tool_call","id":"ctc_1","call_id":"c1",)"
                 R"("namespace":"functions","name":"exec","input":"a\nb"})") +
           completed},
  };
}

}  // namespace

TEST_CASE("requests go up byte for byte, whatever stands in them") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  auto samples = recorded_requests();
  CHECK(samples.size() == 33);
  for (Sample& sample : made_up_requests()) samples.push_back(std::move(sample));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    CAPTURE(samples[i].what);
    const auto result = post(proxy, samples[i].text);
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK((upstream.requests().at(i).body == samples[i].text));
    const auto records = proxy.records().wait_for(i + 1);
    REQUIRE(records.size() == i + 1);
    CHECK(records[i].completed);
    CHECK(records[i].adjusted.empty());
  }
  CHECK(proxy.wait_until_idle());
  CHECK(proxy.resource("openai-1")->active() == 0);
}

TEST_CASE("streams come down byte for byte, whatever stands in them") {
  for (const Sample& sample : streams()) {
    CAPTURE(sample.what);
    ScriptedUpstream upstream;
    Reply reply;
    reply.headers = {{"Content-Type", "text/event-stream"}};
    reply.steps = {Step::write(sample.text)};
    upstream.on_key("sk-a", {reply});
    TestProxy proxy(config_for(upstream));
    const auto result = post(proxy, R"({"model":"m","stream":true})");
    REQUIRE(result);
    CHECK(result->body == sample.text);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].completed);
    CHECK(records[0].response_id == "resp_1");
    CHECK(records[0].usage.total == 18);
  }
}

TEST_CASE("an answer with unknown items comes down byte for byte") {
  const std::string body =
      R"({ "id":"resp_1","status":"completed","output":[{"type":"new_item","z":1,"a":[]},)"
      R"({"namespace":"functions","type":"function_call","name":"f"}],"new":{}})";
  ScriptedUpstream upstream;
  Reply reply;
  reply.headers = {{"Content-Type", "application/json"}};
  reply.body = body;
  upstream.on_key("sk-a", {reply});
  TestProxy proxy(config_for(upstream));
  const auto result = post(proxy, R"({"model":"m"})");
  REQUIRE(result);
  CHECK(result->body == body);
  CHECK(proxy.records().wait_for(1).at(0).response_id == "resp_1");
}
