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

TEST_CASE("a history takes the place of what the message continues, and changes nothing else") {
  const ClientMessage message = read(
      R"({"type":"response.create","model":"m","previous_response_id":"resp_1","input":[{"b":2}],)"
      R"("tools":[ 1 ],"new_field":{"x":1e999}})");
  CHECK(with_history(message, {R"({"a":1})"}, {}) ==
        R"({"type":"response.create","model":"m","input":[{"a":1},{"b":2}],)"
        R"("tools":[ 1 ],"new_field":{"x":1e999}})");
  CHECK(with_history(message, {""}, "theirs") ==
        R"({"type":"response.create","model":"theirs","input":[{"b":2}],)"
        R"("tools":[ 1 ],"new_field":{"x":1e999}})");
}

TEST_CASE("the HTTP body is the message without what only sockets have, and streams") {
  const ClientMessage message = read(
      R"({"type":"response.create","model":"m","stream":false,"stream_id":"a","generate":true,)"
      R"("background":false,"input":"x","store":false})");
  CHECK(http_body(message, std::nullopt, {}) ==
        R"({"model":"m","stream":true,"input":"x","store":false})");
  CHECK(http_body(read(R"({"type":"response.create","model":"m"})"), std::nullopt, "n\"") ==
        R"({"model":"n\"","stream":true})");
}

TEST_CASE("over HTTP an increment is made whole where what it continues is remembered here") {
  const ClientMessage message =
      read(R"({"type":"response.create","model":"m","previous_response_id":"resp_1","input":[2]})");
  CHECK(http_body(message, JsonPieces{"1"}, {}) == R"({"model":"m","input":[1,2],"stream":true})");
  CHECK(http_body(message, std::nullopt, {}) ==
        R"({"model":"m","previous_response_id":"resp_1","input":[2],"stream":true})");
}

TEST_CASE("members are found however their keys and values are spelled") {
  const ClientMessage message =
      read(R"({"typ\u0065":"response.cre\u0061te","stre\u0061m_id":"a","stre\u0061m":false,)"
           R"("previous_respons\u0065_id":"resp_\u0031","gener\u0061te":false,"inp\u0075t":[1]})");
  CHECK(message.is_create());
  CHECK(message.stream_id == "a");
  CHECK(message.previous_response_id == "resp_1");
  CHECK_FALSE(message.generate);
  CHECK(http_body(message, JsonPieces{"0"}, {}) == R"({"stream":true,"input":[0,1]})");
}

TEST_CASE("of a member that stands twice the last one counts, and is the only one that goes up") {
  const ClientMessage message =
      read(R"({"type":"response.interrupt","model":"a","store":true, "type":"response.create",)"
           R"("previous_response_id":"resp_1","stor\u0065":false,"previous_response_id":null})");
  CHECK(message.is_create());
  CHECK_FALSE(message.store);
  CHECK(message.previous_response_id.empty());
  CHECK(message.text() == R"({"model":"a","type":"response.create","stor\u0065":false,)"
                          R"("previous_response_id":null})");
  CHECK(http_body(message, std::nullopt, {}) ==
        R"({"model":"a","stor\u0065":false,"previous_response_id":null,"stream":true})");
}

TEST_CASE("a message that says everything once stays as it is, byte for byte") {
  const std::string text =
      R"( { "type" : "response.create","a":[ 1 , 2.50 ],"\u0062":{"x":1,"x":2},)"
      R"("client_metadata" : {"ws_request_header_traceparent" : "00-1" } } )";
  CHECK(read(text).text() == text);
}

TEST_CASE("a byte order mark is none of the message") {
  const std::string text = R"({"type":"response.create","model":"m","input":[1]})";
  const ClientMessage message = read("\xEF\xBB\xBF" + text);
  CHECK(message.is_create());
  CHECK(message.text() == text);
  CHECK(http_body(message, JsonPieces{"0"}, {}) == R"({"model":"m","input":[0,1],"stream":true})");
  CHECK(code_of("\xEF\xBB\xBF\xEF\xBB\xBF" + text) == "invalid_json");
}

TEST_CASE("a message can be moved") {
  ClientMessage first =
      read(R"({"type":"t","input":[1]})");  // short: some strings move their bytes
  const ClientMessage second = std::move(first);
  CHECK(member(second.members, "input") == "[1]");
}

TEST_CASE("a model has another name in its place, and every other byte stays") {
  const std::string text = R"( { "type" : "response.create" , "model" : "fast" , "n": 1e400 } )";
  CHECK(named(read(text), {}) == text);
  CHECK(named(read(text), "th\"eirs") ==
        R"( { "type" : "response.create" , "model" : "th\"eirs" , "n": 1e400 } )");
  CHECK(named(read(R"({"type":"t"} )"), "theirs") == R"({"type":"t","model":"theirs"} )");
}

TEST_CASE("what an exchange needs is read with the message, also if another value is broken") {
  const Endpoint endpoint{EndpointKind::create_response, {}};
  const ClientMessage message =
      read(R"({"type":"response.create","model":"a","metadata":{"session_id":"s"},"model":"m",)"
           R"("input":[{"type":"item_reference","id":"item_1"}]})");
  const auto facts = read_request_facts(Headers{}, endpoint, message.body);
  REQUIRE(facts);
  CHECK(facts->model == "m");
  CHECK(facts->session_id == "s");
  CHECK(facts->item_references == std::vector<std::string>{"item_1"});
  const ClientMessage broken = read(R"({"type":"response.create","model":"\ud800","input":[1]})");
  CHECK(broken.is_create());
  CHECK(member(broken.members, "input") == "[1]");
  CHECK(read_request_facts(Headers{}, endpoint, broken.body).error().code == "invalid_json");
}

}  // namespace responses_proxy
