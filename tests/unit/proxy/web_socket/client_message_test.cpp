#include "proxy/web_socket/client_message.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

namespace {

ClientMessage read(std::string text) {
  auto message = read_client_message(std::move(text));
  REQUIRE(message);
  return std::move(*message);
}

std::string code_of(std::string text) {
  const auto message = read_client_message(std::move(text));
  REQUIRE_FALSE(message);
  return message.error().code;
}

}  // namespace

TEST_CASE("a create is read as far as it concerns the proxy") {
  const ClientMessage message =
      read(R"({"type":"response.create","model":"m","stream_id":"a.b-C_9",)"
           R"("previous_response_id":"resp_1","store":false,"generate":false,"input":[]})");
  CHECK(message.is_create());
  CHECK(message.stream_id == "a.b-C_9");
  CHECK(message.previous_response_id == "resp_1");
  CHECK_FALSE(message.store);
  CHECK_FALSE(message.generate);
}

TEST_CASE("what is not said is the default") {
  const ClientMessage message =
      read(R"({"type":"response.create","previous_response_id":null,"stream_id":null})");
  CHECK(message.stream_id.empty());
  CHECK(message.previous_response_id.empty());
  CHECK(message.store);
  CHECK(message.generate);
}

TEST_CASE("messages that are none say what is wrong") {
  CHECK(code_of("hello") == "invalid_json");
  CHECK(code_of("[1]") == "invalid_json");
  CHECK(code_of(R"({"model":"m"})") == "invalid_message");
  CHECK(code_of(R"({"type":5})") == "invalid_message");
  for (const char* id : {R"("")", R"("a b")", R"("a/b")", R"("ü")", "7"}) {
    CAPTURE(id);
    CHECK(code_of(std::string(R"({"type":"response.create","stream_id":)") + id + "}") ==
          "invalid_stream_id");
  }
  CHECK(code_of(R"({"type":"response.create","stream_id":")" + std::string(257, 'a') + "\"}") ==
        "invalid_stream_id");
  CHECK(read(R"({"type":"response.create","stream_id":")" + std::string(256, 'a') + "\"}")
            .stream_id.size() == 256);
}

TEST_CASE("input is a list of items, or a text that stands for one") {
  CHECK(input_items(read(R"({"type":"t","input":[ {"a":1}, {"b":2} ]})")) == R"({"a":1}, {"b":2})");
  CHECK(input_items(read(R"({"type":"t","input":[]})")).empty());
  CHECK(input_items(read(R"({"type":"t","input":[ ]})")).empty());
  CHECK(input_items(read(R"({"type":"t"})")).empty());
  CHECK(input_items(read(R"({"type":"t","input":"say \"hi\""})")) ==
        R"({"type":"message","role":"user","content":"say \"hi\""})");
}

TEST_CASE("a full input replaces the increment and what it continues, and nothing else") {
  const ClientMessage message = read(
      R"({"type":"response.create","model":"m","previous_response_id":"resp_1","input":[{"b":2}],)"
      R"("tools":[ 1 ],"new_field":{"x":1e999}})");
  CHECK(with_full_input(message, R"({"a":1},{"b":2})") ==
        R"({"type":"response.create","model":"m","input":[{"a":1},{"b":2}],)"
        R"("tools":[ 1 ],"new_field":{"x":1e999}})");
}

TEST_CASE("the HTTP body is the message without what only sockets have, and streams") {
  const ClientMessage message = read(
      R"({"type":"response.create","model":"m","stream":false,"stream_id":"a","generate":true,)"
      R"("background":false,"input":"x","store":false})");
  CHECK(http_body(message, std::nullopt) ==
        R"({"model":"m","stream":true,"input":"x","store":false})");
  CHECK(http_body(read(R"({"type":"response.create","model":"m"})"), std::nullopt) ==
        R"({"model":"m","stream":true})");
}

TEST_CASE("over HTTP an increment is made whole where what it continues is remembered here") {
  const ClientMessage message =
      read(R"({"type":"response.create","model":"m","previous_response_id":"resp_1","input":[2]})");
  CHECK(http_body(message, "1,2") == R"({"model":"m","input":[1,2],"stream":true})");
  CHECK(http_body(message, std::nullopt) ==
        R"({"model":"m","previous_response_id":"resp_1","input":[2],"stream":true})");
}

TEST_CASE("headers that travel in client_metadata become headers again") {
  const Headers headers = carried_headers(
      read(R"({"type":"response.create","client_metadata":{"session_id":"s",)"
           R"("ws_request_header_x_openai_internal_codex_responses_lite":"true",)"
           R"("x-codex-turn-state":"opaque","ws_request_header_bad name":"x",)"
           R"("ws_request_header_traceparent":"00-1-2-01","ws_request_header_n":5}})"));
  CHECK(headers.size() == 3);
  CHECK(headers.get("x-openai-internal-codex-responses-lite") == "true");
  CHECK(headers.get("x-codex-turn-state") == "opaque");
  CHECK(headers.get("traceparent") == "00-1-2-01");
  CHECK(carried_headers(read(R"({"type":"response.create"})")).empty());
}

}  // namespace responses_proxy
