#include <doctest/doctest.h>

#include "responses_proxy/provider_adapter.h"

namespace responses_proxy {

namespace {

Resource resource_at(std::string base_url) {
  Resource resource;
  resource.base_url = std::move(base_url);
  resource.credential = Secret("sk-upstream");
  return resource;
}

std::string url_of(std::string base_url, std::string path, std::string query = "") {
  const auto adapter = make_responses_adapter();
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.query = std::move(query);
  return adapter->adapt_request(request, resource_at(std::move(base_url)))->url;
}

// What a reader of that answer gives out before the answer has ended.
std::string at_once(int status, Headers head, std::string_view bytes) {
  const auto adapter = make_responses_adapter();
  return std::string(adapter->adapt_answer(status, head)->read(bytes));
}

}  // namespace

TEST_CASE("the path goes to the resource's base URL, whatever stands there for /v1") {
  CHECK(make_responses_adapter()->name() == "responses");
  CHECK(url_of("https://api.openai.com/v1", "/v1/responses") ==
        "https://api.openai.com/v1/responses");
  CHECK(url_of("http://h:1/openai/v2", "/v1/responses/resp_1/input_items", "limit=2&after=a%2Fb") ==
        "http://h:1/openai/v2/responses/resp_1/input_items?limit=2&after=a%2Fb");
  CHECK(url_of("http://h", "/v1/models") == "http://h/models");
  CHECK(url_of("http://h/v1", "/v1/conversations/conv%201/v1") ==
        "http://h/v1/conversations/conv%201/v1");
}

TEST_CASE("the client's request goes up with the resource's credential and no other") {
  const auto adapter = make_responses_adapter();
  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.headers = {{"Authorization", "Bearer client"}, {"X-Own", "1"}, {"x-api-key", "client"}};
  request.body = R"({"model": "m"})";
  const auto adapted = adapter->adapt_request(request, resource_at("http://h/v1"));
  REQUIRE(adapted);
  CHECK(adapted->method == "POST");
  CHECK_FALSE(adapted->body);  // the client's own bytes
  CHECK(adapted->headers.size() == 2);
  CHECK(adapted->headers.get("x-own") == "1");
  CHECK(adapted->headers.get("authorization") == "Bearer sk-upstream");
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
  const auto adapter = make_responses_adapter();
  Headers head = {{"Content-Type", "application/json"}};
  const auto reader = adapter->adapt_answer(503, head);
  const std::string body = R"({"error":{"code":"server_is_overloaded"}})";
  CHECK(reader->read(body).empty());
  CHECK(reader->finish() == body);
  CHECK(reader->facts().error_code == "server_is_overloaded");
}

TEST_CASE("the headers of the client's answer are left") {
  const auto adapter = make_responses_adapter();
  Headers head = {{"content-type", "application/json"}, {"content-length", "2"}, {"x-own", "1"}};
  adapter->adapt_answer(200, head);
  CHECK(head.size() == 2);
  CHECK(head.get("x-own") == "1");
}

}  // namespace responses_proxy
