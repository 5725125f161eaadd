// Where an answer ends: whole, cut off, broken, or with an upstream that does not let go.
#include <doctest/doctest.h>

#include <optional>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/raw_client.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kStream = R"({"model":"m","stream":true,"input":"x"})";
constexpr const char* kDocument = R"({"model":"m","input":"x"})";

std::string text_of(const Reply& reply) {
  std::string text;
  for (const Step& step : reply.steps) text += step.text;
  return text;
}

Reply stream_of(const std::string& text) {
  Reply reply;
  reply.headers = {{"Content-Type", "text/event-stream"}};
  reply.steps = {Step::write(text)};
  return reply;
}

// Every event of the stream: what is no whole event, or no JSON, fails the test.
std::vector<Json> events_of(const std::string& stream) {
  REQUIRE(stream.ends_with("\n\n"));
  std::vector<Json> events;
  for (std::size_t at = 0; at < stream.size();) {
    const std::size_t end = stream.find("\n\n", at);
    const std::string event = stream.substr(at, end - at);
    events.push_back(Json::parse(event.substr(event.find("data: ") + 6)));
    at = end + 2;
  }
  return events;
}

RequestRecord only_record(TestProxy& proxy) {
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  return records[0];
}

// A JSON answer that breaks off after that many bytes, in one of the ways an upstream can.
Reply broken_json(std::size_t bytes, const std::string& how, std::size_t text_size = 100) {
  const Reply whole = json_response("resp_cut", std::string(text_size, 'x'));
  Reply reply;
  reply.headers = {{"Content-Type", "application/json"}};
  if (how == "short") {
    reply.headers.add("Content-Length", std::to_string(whole.body.size()));
  }
  // A chunk of no bytes would be the end in form.
  if (bytes > 0) reply.steps.push_back(Step::write(whole.body.substr(0, bytes)));
  reply.steps.push_back(how == "reset" ? Step::reset() : Step::close());
  return reply;
}

}  // namespace

TEST_CASE("a stream that ends inside an event gets response.failed as an event of its own") {
  const Reply whole = sse_stream("resp_1", {"alpha", "beta"});
  const std::string text = text_of(whole);
  const std::size_t completed = text.rfind("event: response.completed");
  const std::size_t delta = text.find("event: response.output_text.delta");
  struct {
    const char* what;
    std::size_t from;  // the event that is cut
    std::size_t length;
    const char* end;
  } const cuts[] = {
      {"inside response.completed", completed, 300, ""},
      {"inside its name", completed, 20, ""},
      {"behind its name", completed, 26, ""},
      {"one byte before its JSON is whole", completed, text.size() - completed - 3, ""},
      {"a cut JSON in a whole event", completed, 300, "\n\n"},
      {"a cut JSON in a whole event, CRLF", completed, 300, "\r\n\r\n"},
      {"inside a delta", delta, 60, ""},
      {"inside a delta, the event closed", delta, 60, "\n\n"},
  };
  for (const auto& cut : cuts) {
    CAPTURE(cut.what);
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {stream_of(text.substr(0, cut.from + cut.length) + cut.end)});
    TestProxy proxy(config_for(upstream));
    const auto result = post(proxy, kStream);
    REQUIRE(result);
    CHECK(result->status == 200);
    REQUIRE(result->body.starts_with(text.substr(0, cut.from)));
    const auto rest = events_of(result->body.substr(cut.from));
    REQUIRE(rest.size() == 1);
    CHECK(rest[0]["type"] == "response.failed");
    CHECK(rest[0]["response"]["id"] == "resp_1");
    CHECK(rest[0]["response"]["error"]["code"] == "server_error");
    const RequestRecord record = only_record(proxy);
    CHECK_FALSE(record.completed);
    CHECK(record.status_code == 200);
    CHECK(record.error == "truncated");
    CHECK(record.blame == Blame::provider);
    CHECK(record.usage.empty());
    CHECK(record.attempts.at(0).error == "truncated");
    CHECK(proxy.resource("openai-1")->health() == Health::degraded);
  }
}

TEST_CASE("a terminal event that cannot be read moves a stream that was held") {
  ScriptedUpstream upstream;
  Reply broken = sse_stream("resp_bad", {});
  broken.steps.resize(2);
  broken.steps.push_back(
      Step::write("event: response.completed\ndata: {\"type\":\"response.completed\",\n\n"));
  upstream.on_key("sk-a", {broken});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto result = post(proxy, kStream);
  REQUIRE(result);
  CHECK(result->body.find("resp_bad") == std::string::npos);
  CHECK(events_of(result->body).back()["type"] == "response.completed");
}

TEST_CASE("a terminal event is found in any of its forms, and ends the exchange at once") {
  const std::string head =
      "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n";
  const std::string usage = R"("usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3})";
  const std::string response = R"("response":{"id":"resp_1","output":[{"type":"message"}],)";
  struct {
    const char* what;
    std::string end;
    const char* error;
  } const ends[] = {
      {"type behind the response",
       "data: {" + response + usage + "},\"type\":\"response.completed\"}\n\n", ""},
      {"an escaped name",
       "data: {\"\\u0074ype\":\"response.completed\"," + response + usage + "}}\n\n", ""},
      {"a name that says something else",
       "event: response.in_progress\ndata: {\"type\":\"response.completed\"," + response + usage +
           "}}\n\n",
       ""},
      {"over several lines",
       "data: {\"type\":\ndata: \"response.completed\",\ndata: " + response + usage + "}}\n\n", ""},
      {"CR line ends", "data: {\"type\":\"response.completed\"," + response + usage + "}}\r\r", ""},
      {"failed",
       "data: {" + response + usage +
           R"(,"error":{"code":"invalid_prompt"}},"type":"response.failed"})" + "\n\n",
       "invalid_prompt"},
  };
  for (const auto& end : ends) {
    CAPTURE(end.what);
    ScriptedUpstream upstream;
    Reply lingering = stream_of(head + end.end);
    lingering.steps.push_back(Step::stall());
    upstream.on_key("sk-a", {lingering});
    TestProxy proxy(config_for(upstream));
    const auto result = post(proxy, kStream);
    REQUIRE(result);
    CHECK(result->body == head + end.end);
    const RequestRecord record = only_record(proxy);
    CHECK(record.completed);
    CHECK(record.status_code == 200);
    CHECK(record.error == end.error);
    CHECK(record.usage.total == 3);
    CHECK(record.attempts.at(0).blame == record.blame);
    CHECK(upstream.wait_for_aborted(1));  // cut after its while
  }
}

TEST_CASE("an upstream that ends in time behind its terminal event is used again") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  for (int i = 0; i < 3; ++i) REQUIRE(post(proxy, kStream));
  CHECK(upstream.counts().connections == 1);
}

TEST_CASE("a client that leaves with the terminal event in hand has the whole answer") {
  ScriptedUpstream upstream;
  Reply stream = sse_stream("resp_1", {"hi"});
  stream.steps.push_back(Step::stall());
  upstream.on_key("sk-a", {stream, stream});
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  client.post(kStream);
  client.read_until("\"total_tokens\":18");
  client.reset();
  const RequestRecord record = only_record(proxy);
  CHECK(record.status_code == 200);
  CHECK(record.completed);
  CHECK(record.blame == Blame::none);
  CHECK(record.error.empty());
  CHECK(record.usage.total == 18);
  CHECK(proxy.resource("openai-1")->health() == Health::healthy);
}

TEST_CASE("a client that leaves before it has not") {
  ScriptedUpstream upstream;
  Reply stream = sse_stream("resp_1", {"hi"});
  stream.steps.pop_back();
  stream.steps.push_back(Step::stall());
  upstream.on_key("sk-a", {stream});
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  client.post(kStream);
  client.read_until("response.output_item.done");
  client.close();
  const RequestRecord record = only_record(proxy);
  CHECK(record.status_code == 499);
  CHECK_FALSE(record.completed);
  CHECK(record.blame == Blame::client);
  CHECK(record.error == "client_closed");
  CHECK(record.attempts.at(0).error == "client_closed");
}

TEST_CASE("a shutdown behind the terminal event finds a whole answer") {
  ScriptedUpstream upstream;
  Reply stream = sse_stream("resp_1", {"hi"});
  const std::string whole = text_of(stream);
  stream.steps.push_back(Step::stall());
  upstream.on_key("sk-a", {stream});
  TestProxy proxy(config_for(upstream));
  const std::string body = post_reading(proxy, kStream, [&](const std::string& seen) {
    if (seen.size() == whole.size()) proxy.proxy().cancel_all();
  });
  CHECK(body == whole);
  const RequestRecord record = only_record(proxy);
  CHECK(record.completed);
  CHECK(record.error.empty());
}

TEST_CASE("a document that breaks off before any of it was forwarded moves") {
  for (const std::string how : {"short", "closed", "reset"}) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{50}}) {
      CAPTURE(how);
      CAPTURE(bytes);
      ScriptedUpstream upstream;
      upstream.on_key("sk-a", {broken_json(bytes, how)});
      TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
      const auto busy = proxy.keep_busy({"openai-2"});
      const auto result = post(proxy, kDocument);
      REQUIRE(result);
      CHECK(result->status == 200);
      CHECK(Json::parse(result->body)["status"] == "completed");
      CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
      CHECK(result->get_header_value("x-proxy-decision") == "failover");
      const RequestRecord record = only_record(proxy);
      REQUIRE(record.attempts.size() == 2);
      CHECK(record.attempts[0].error == "truncated");
      CHECK(record.attempts[0].blame == Blame::provider);
      CHECK(record.error.empty());
      CHECK(record.blame == Blame::none);
      CHECK(proxy.resource("openai-1")->health() == Health::degraded);
    }
  }
}

TEST_CASE("a document that breaks off with nobody left is a 502 in our own words") {
  for (const std::string how : {"short", "closed", "reset"}) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{50}, std::size_t{60'000}}) {
      CAPTURE(how);
      CAPTURE(bytes);
      ScriptedUpstream upstream;
      upstream.on_key("sk-a", {broken_json(bytes, how, 60'000)});
      TestProxy proxy(config_for(upstream));
      const auto result = post(proxy, kDocument);
      REQUIRE(result);
      CHECK(result->status == 502);
      const Json error = Json::parse(result->body).at("error");
      CHECK(error["code"] == "upstream_truncated");
      CHECK(result->has_header("x-request-id"));
      const RequestRecord record = only_record(proxy);
      CHECK(record.status_code == 502);
      CHECK(record.error == "upstream_truncated");
      CHECK(record.blame == Blame::provider);
      CHECK(record.completed);
      CHECK(record.response_id.empty());
      CHECK(record.attempts.at(0).status_code == 200);
      CHECK(record.attempts.at(0).error == "truncated");
    }
  }
}

TEST_CASE("a pinned document that breaks off is a 502, and is not moved") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {json_response("resp_1", "x"), broken_json(50, "reset")});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  REQUIRE(post(proxy, kDocument));
  const auto result = post(proxy, R"({"model":"m","previous_response_id":"resp_1"})");
  REQUIRE(result);
  CHECK(result->status == 502);
  CHECK(upstream.requests_of("sk-b").empty());
}

TEST_CASE("a document larger than what is held that breaks off is cut") {
  for (const std::string how : {"short", "closed", "reset"}) {
    CAPTURE(how);
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {broken_json(300'000, how, 400'000)});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    CHECK_FALSE(post(proxy, kDocument));  // no clean end
    const RequestRecord record = only_record(proxy);
    CHECK(record.status_code == 200);
    CHECK_FALSE(record.completed);
    CHECK(record.error == "truncated");
    CHECK(record.blame == Blame::provider);
    CHECK(upstream.requests_of("sk-b").empty());
  }
}

TEST_CASE("an error whose body breaks off counts as what its status says") {
  ScriptedUpstream upstream;
  Reply limited = broken_json(20, "reset");
  limited.status = 429;
  limited.headers.add("Retry-After", "40");
  upstream.on_key("sk-a", {limited});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto result = post(proxy, kDocument);
  REQUIRE(result);
  CHECK(result->status == 200);
  const RequestRecord record = only_record(proxy);
  CHECK(record.attempts.at(0).error == "http_429");
  CHECK(record.attempts.at(0).blame == Blame::resource);
  CHECK(proxy.resource("openai-1")->blocked_until() >
        proxy.wall_and_cooldowns().steady() + std::chrono::seconds(39));
}

TEST_CASE("reading a response back does not count its usage again") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  REQUIRE(post(proxy, kDocument));
  httplib::Client client("127.0.0.1", proxy.port());
  const auto read = client.Get("/v1/responses/resp_1");
  REQUIRE(read);
  CHECK(Json::parse(read->body)["usage"]["total_tokens"] == 18);
  const auto records = proxy.records().wait_for(2);
  REQUIRE(records.size() == 2);
  CHECK(records[0].usage.total == 18);
  CHECK(records[1].usage.empty());
}

// The database counts it once: tests/contract/records/sums.h.
TEST_CASE("the usage of a background response stands with the answers that read it back") {
  ScriptedUpstream upstream;
  const Json queued{{"id", "resp_1"},
                    {"object", "response"},
                    {"background", true},
                    {"status", "queued"},
                    {"usage", nullptr}};
  Json done = queued;
  done["status"] = "completed";
  done["usage"] = {{"input_tokens", 11}, {"output_tokens", 7}, {"total_tokens", 18}};
  upstream.add({"sk-a", "", "", {json_reply(queued), json_reply(queued), json_reply(done)}});
  TestProxy proxy(config_for(upstream));
  REQUIRE(post(proxy, kDocument));
  httplib::Client client("127.0.0.1", proxy.port());
  for (int poll = 0; poll < 2; ++poll) REQUIRE(client.Get("/v1/responses/resp_1"));
  const auto records = proxy.records().wait_for(3);
  REQUIRE(records.size() == 3);
  for (const RequestRecord& record : records) {
    CHECK(record.background);
    CHECK(record.response_id == "resp_1");
    CHECK(record.usage == record.attempts.at(0).usage);
  }
  CHECK(records[0].usage.empty());
  CHECK(records[1].usage.empty());
  CHECK(records[2].usage.total == 18);
}
