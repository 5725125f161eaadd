#include <doctest/doctest.h>

#include "responses_proxy/dialect.h"
#include "unit/dialects/responses/read_answer.h"

namespace responses_proxy {

namespace {

using testing::CollectedAnswer;

Resource resource_at(std::string base_url) {
  Resource resource;
  resource.base_url = std::move(base_url);
  resource.credential = Secret("sk-upstream");
  return resource;
}

std::string url_of(std::string base_url, std::string path, std::string query = "") {
  const auto dialect = make_responses_dialect();
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.query = std::move(query);
  return dialect->translate({request, {}, {}}, resource_at(std::move(base_url)))->call.url;
}

std::unique_ptr<Translation> translation() {
  const Request request;
  return std::move(make_responses_dialect()->translate({request, {}, {}}, {})->answer);
}

// What is given out of that answer before it has ended.
std::string at_once(int status, Headers head, std::string_view bytes) {
  const auto answer = translation();
  answer->head(status, std::move(head));
  CollectedAnswer given;
  answer->read(bytes, given);
  return given.out;
}

}  // namespace

TEST_CASE("the path goes to the resource's base URL, whatever stands there for /v1") {
  CHECK(make_responses_dialect()->name() == "responses");
  CHECK(url_of("https://api.openai.com/v1", "/v1/responses") ==
        "https://api.openai.com/v1/responses");
  CHECK(url_of("http://h:1/openai/v2", "/v1/responses/resp_1/input_items", "limit=2&after=a%2Fb") ==
        "http://h:1/openai/v2/responses/resp_1/input_items?limit=2&after=a%2Fb");
  CHECK(url_of("http://h", "/v1/models") == "http://h/models");
  CHECK(url_of("http://h/v1", "/v1/conversations/conv%201/v1") ==
        "http://h/v1/conversations/conv%201/v1");
}

TEST_CASE("the client's request goes up with the resource's credential and no other") {
  const auto dialect = make_responses_dialect();
  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.headers = {{"Authorization", "Bearer client"}, {"X-Own", "1"}, {"x-api-key", "client"}};
  request.body = R"({"model": "m"})";
  const auto translated = dialect->translate({request, "m", {}}, resource_at("http://h/v1"));
  REQUIRE(translated);
  const UpstreamCall& call = translated->call;
  CHECK(call.method == "POST");
  CHECK_FALSE(call.body);  // the client's own bytes
  CHECK(call.headers.size() == 2);
  CHECK(call.headers.get("x-own") == "1");
  CHECK(call.headers.get("authorization") == "Bearer sk-upstream");
}

TEST_CASE("an event stream is known by its content type") {
  const std::string event = "data: {}\n\n";
  CHECK(at_once(200, {{"Content-Type", "text/event-stream"}}, event) == event);
  CHECK(at_once(200, {{"Content-Type", "text/event-stream; charset=utf-8"}}, event) == event);
  CHECK(at_once(200, {{"Content-Type", "Text/Event-Stream"}}, event) == event);
  CHECK(at_once(200, {{"Content-Type", "text/event-stream"}}, "data: {}").empty());
  CHECK(at_once(200, {{"Content-Type", "application/json"}}, event).empty());  // held
  CHECK(at_once(200, {}, event).empty());
}

TEST_CASE("what cannot be read passes as it comes, errors are held and read") {
  CHECK(at_once(200, {{"Content-Type", "text/event-stream"}, {"Content-Encoding", "gzip"}},
                "\x1f\x8b") == "\x1f\x8b");
  const auto answer = translation();
  answer->head(503, {{"content-type", "application/json"}, {"retry-after", "3"}});
  const std::string body = R"({"error":{"code":"server_is_overloaded"}})";
  CollectedAnswer given;
  answer->read(body, given);
  CHECK(given.out.empty());
  answer->finish(given);
  CHECK(given.out == body);
  CHECK(answer->facts().error_code == "server_is_overloaded");
  const UpstreamFault fault = answer->fault({});
  CHECK(fault.status == 503);
  CHECK(fault.wait == Millis(3'000));
}

TEST_CASE("the head of the client's answer: status, what passes, how it is framed") {
  AnswerHead head = translation()->head(201, {{"content-type", "application/json"},
                                              {"content-length", "2"},
                                              {"x-request-id", "req_up"},
                                              {"x-own", "1"}});
  CHECK(head.response.status == 201);
  CHECK(head.response.headers.size() == 3);
  CHECK(head.response.headers.get("x-own") == "1");
  CHECK(head.response.content_length == 2);
  CHECK_FALSE(head.event_stream);
  head = translation()->head(200, {{"content-type", "text/event-stream"}});
  CHECK(head.event_stream);
}

TEST_CASE("another model goes up in the place of the one asked for, every other byte stays") {
  const auto dialect = make_responses_dialect();
  const auto sent = [&](std::string body) {
    Request request;
    request.body = std::move(body);
    return dialect->translate({request, "alias", "up\"stream"}, {})->call.body;
  };
  CHECK(sent(R"({"a":1, "model" : "alias" ,"b":[ ]})") ==
        R"({"a":1, "model" : "up\"stream" ,"b":[ ]})");
  CHECK(sent(R"({"a":1})") == R"({"a":1,"model":"up\"stream"})");
  CHECK(sent("{}") == R"({"model":"up\"stream"})");
  CHECK(sent("[1]") == "[1]");
}

TEST_CASE("a key is probed with the credential it has, and an error says what it means") {
  const auto dialect = make_responses_dialect();
  const UpstreamCall call = dialect->probe(resource_at("http://h/v1"), "models");
  CHECK(call.method == "GET");
  CHECK(call.url == "http://h/v1/models");
  CHECK(call.headers.get("authorization") == "Bearer sk-upstream");
  const UpstreamFault fault = dialect->fault(
      {429, {{"x-should-retry", "false"}}, R"({"error":{"code":"insufficient_quota"}})", {}});
  CHECK(fault.meaning == 402);
  CHECK(fault.no_retry);
}

}  // namespace responses_proxy
