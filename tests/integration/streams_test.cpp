// Streams in every shape upstreams send them, and what stands on record about them.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/ascii_case.h"
#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/raw_client.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kStream = R"({"model":"m","stream":true,"input":"x"})";

std::string text_of(const Reply& reply) {
  std::string text;
  for (const Step& step : reply.steps) text += step.text;
  return text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// The event's JSON over several data lines.
std::string over_several_lines(const Reply& reply) {
  std::string text;
  for (const Step& step : reply.steps) {
    const std::size_t data = step.text.find("data: ") + 6;
    text += step.text.substr(0, data) +
            replaced(Json::parse(step.text.substr(data)).dump(1), "\n", "\ndata: ") + "\n\n";
  }
  return text;
}

Reply without_step(Reply reply, std::size_t index) {
  reply.steps.erase(reply.steps.begin() + static_cast<std::ptrdiff_t>(index));
  return reply;
}

Reply stream_of(const std::string& text, std::size_t piece) {
  Reply reply;
  reply.headers = {{"Content-Type", "text/event-stream"}};
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reply.steps.push_back(Step::write(text.substr(at, piece)));
  }
  return reply;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++found;
  return found;
}

}  // namespace

TEST_CASE("streams in every framing pass byte for byte and are understood") {
  const Reply plain = sse_stream("resp_1", {"Hello ", "w\xC3\xB6rld \xF0\x9F\x99\x82"});
  const std::string text = text_of(plain);
  struct {
    const char* what;
    std::string text;
  } const cases[] = {
      {"plain", text},
      {"CRLF", replaced(text, "\n", "\r\n")},
      {"CR", replaced(text, "\n", "\r")},
      {"a byte order mark", "\xEF\xBB\xBF" + text},
      {"comments", ": hello\n\n" + replaced(text, "event: ", ": keep-alive\n\nevent: ")},
      {"no event names",
       [&] {
         std::string bare;
         for (const Step& step : plain.steps) bare += step.text.substr(step.text.find("data: "));
         return bare;
       }()},
      {"[DONE]", text + "data: [DONE]\n\n"},
      {"data over several lines", over_several_lines(plain)},
      {"text only in the done event", text_of(sse_stream("resp_1", {}))},
      {"arguments only in the done event",
       text_of(without_step(sse_function_call("resp_1", {"call_1", "f", "{\"a\":1}"}), 3))},
      {"an event of 1 MB", text_of(sse_stream("resp_1", {std::string(1'000'000, 'x')}))},
  };
  for (const auto& stream : cases) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, stream.text.size()}) {
      if (stream.text.size() / piece > 20'000) continue;
      CAPTURE(stream.what);
      CAPTURE(piece);
      ScriptedUpstream upstream;
      upstream.on_key("sk-a", {stream_of(stream.text, piece)});
      TestProxy proxy(config_for(upstream));
      const auto result = post(proxy, kStream);
      REQUIRE(result);
      CHECK((result->body == stream.text));
      const auto records = proxy.records().wait_for(1);
      REQUIRE(records.size() == 1);
      CHECK(records[0].completed);
      CHECK(records[0].error.empty());
      CHECK(records[0].response_id == "resp_1");
      CHECK(records[0].usage.total == 18);
      CHECK(records[0].response_bytes == static_cast<std::int64_t>(stream.text.size()));
    }
  }
}

TEST_CASE("an answer that stopped early, or is refused, is nobody's fault") {
  const Reply whole = sse_stream("resp_1", {"partial"});
  const auto ended = [&](const std::string& reason) {
    std::string text = text_of(whole);
    text = replaced(text, "response.completed", "response.incomplete");
    text = replaced(text, "\"status\":\"completed\"", "\"status\":\"incomplete\"");
    return replaced(text, "\"incomplete_details\":null",
                    "\"incomplete_details\":{\"reason\":\"" + reason + "\"}");
  };
  const std::string refusal = replaced(text_of(whole), "output_text", "refusal");
  for (const std::string& text : {ended("max_output_tokens"), ended("content_filter"), refusal}) {
    CAPTURE(text);
    REQUIRE(text != text_of(whole));
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {stream_of(text, text.size())});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    const auto result = post(proxy, kStream);
    REQUIRE(result);
    CHECK(result->body == text);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].completed);
    CHECK(records[0].blame == Blame::none);
    CHECK(records[0].attempts.size() == 1);
    CHECK(records[0].usage.total == 18);
    CHECK(proxy.resource("openai-1")->health() == Health::healthy);
  }
}

TEST_CASE("an error event at the head of a 200 moves unseen") {
  for (const std::string error :
       {R"({"type":"error","code":"server_is_overloaded","message":"busy","param":null})",
        R"({"type":"error","error":{"type":"server_error","code":"overloaded","message":"busy"}})",
        R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})"}) {
    CAPTURE(error);
    ScriptedUpstream upstream;
    Reply bad = sse_stream("resp_bad", {});
    bad.steps.resize(1);
    bad.steps.push_back(Step::write("event: error\ndata: " + error + "\n\n"));
    upstream.on_key("sk-a", {bad});
    upstream.on_key("sk-b", {sse_stream("resp_good", {"fine"})});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    const auto result = post(proxy, kStream);
    REQUIRE(result);
    CHECK(result->body.find("resp_bad") == std::string::npos);
    CHECK(result->body.find("event: error") == std::string::npos);
    CHECK(count(result->body, "event: response.created") == 1);
    CHECK(count(result->body, "event: response.completed") == 1);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    REQUIRE(records[0].attempts.size() == 2);
    CHECK(records[0].attempts[0].blame == Blame::provider);
    CHECK(proxy.resource("openai-1")->health() == Health::degraded);
  }
}

TEST_CASE("an error in mid-stream passes once and stands on record") {
  struct {
    const char* code;
    Blame blame;
    Health health;
  } const errors[] = {
      {"server_error", Blame::provider, Health::degraded},
      {"rate_limit_exceeded", Blame::resource, Health::degraded},
      {"invalid_prompt", Blame::client, Health::unknown},
  };
  for (const auto& error : errors) {
    CAPTURE(error.code);
    ScriptedUpstream upstream;
    Reply stream = sse_stream("resp_1", {"half"});
    stream.steps.resize(5);
    const std::string failed = sse_failed("resp_1", error.code, "no").steps.back().text;
    const std::string expected = text_of(stream) + failed;
    stream.steps.push_back(Step::gate("forwarded"));
    stream.steps.push_back(Step::write(failed));
    upstream.on_key("sk-a", {stream});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    const std::string body = post_reading(proxy, kStream, [&](const std::string& seen) {
      if (seen.find("half") != std::string::npos) upstream.open_gate("forwarded");
    });
    CHECK(body == expected);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].error == error.code);
    CHECK(records[0].blame == error.blame);
    CHECK(records[0].text_bytes == 4);
    CHECK(records[0].attempts.size() == 1);
    CHECK(upstream.requests_of("sk-b").empty());
    CHECK(proxy.resource("openai-1")->health() == error.health);
    CHECK(proxy.resource("openai-1")->active() == 0);
  }
}

TEST_CASE("a continuation finds its resource while the stream is not even over") {
  ScriptedUpstream upstream;
  Reply stream = sse_stream("resp_1", {"hi"});
  stream.insert(stream.steps.size(), Step::gate("end"));
  upstream.on_key("sk-b", {stream});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b", "sk-c", "sk-d"}), 2);
  auto busy = proxy.keep_busy({"openai-1", "openai-3", "openai-4"});
  bool continued = false;
  post_reading(proxy, kStream, [&](const std::string& seen) {
    if (continued || seen.find("event: response.completed") == std::string::npos) return;
    continued = true;
    busy.clear();
    const auto next = post(proxy, R"({"model":"m","previous_response_id":"resp_1"})");
    REQUIRE(next);
    CHECK(next->get_header_value("x-proxy-decision") == "response_affinity");
    CHECK(next->get_header_value("x-proxy-resource-id") == "openai-2");
    upstream.open_gate("end");
  });
  CHECK(continued);
  // One id everywhere: in the stream, on record, and of what can be read back.
  httplib::Client client("127.0.0.1", proxy.port());
  client.set_read_timeout(30);
  const auto read = client.Get("/v1/responses/resp_1");
  REQUIRE(read);
  CHECK(Json::parse(read->body).at("id") == "resp_1");
  CHECK(read->get_header_value("x-proxy-resource-id") == "openai-2");
  const auto records = proxy.records().wait_for(3);
  REQUIRE(records.size() == 3);
  CHECK(std::count_if(records.begin(), records.end(), [](const RequestRecord& record) {
          return record.stream && record.response_id == "resp_1";
        }) == 1);
}

TEST_CASE("the upstream's count does not go down with an event stream") {
  const std::string text = text_of(sse_stream("resp_1", {"Hello"}));
  ScriptedUpstream upstream;
  const std::size_t end = text.rfind("event: ");
  Reply counted = stream_of(text.substr(0, end), end);
  counted.headers.add("Content-Length", std::to_string(text.size()));
  // Else the whole answer may be here before its head is written, and then we count it ourselves.
  counted.steps.push_back(Step::gate("end"));
  counted.steps.push_back(Step::write(text.substr(end)));
  upstream.on_key("sk-a", {counted});
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  client.post(kStream);
  client.read_until("\r\n\r\n");
  upstream.open_gate("end");
  const std::string answer = client.read_to_end();
  const std::string head = ascii_lower(answer.substr(0, answer.find("\r\n\r\n")));
  CAPTURE(head);
  CHECK(head.find("content-type: text/event-stream") != std::string::npos);
  CHECK(head.find("content-length") == std::string::npos);
  CHECK(count(head, "transfer-encoding: chunked") == 1);
  CHECK(answer.find("event: response.completed") != std::string::npos);
}
