#include "dialects/responses/alias_in_answer.h"

#include <doctest/doctest.h>

#include "responses_proxy/dialect.h"
#include "unit/dialects/responses/read_answer.h"

namespace responses_proxy {

namespace {

std::unique_ptr<Translation> translation_for(std::string_view alias) {
  static const Request request;
  Turn turn{request, "gpt-up", {}};
  turn.alias = alias;
  return std::move(make_responses_dialect()->translate(turn, {})->answer);
}

}  // namespace

TEST_CASE("only the model of a response is renamed, and every other byte stays") {
  CHECK(with_alias(R"({ "id":"r", "model" : "gpt-up", "text":"\u00e9 gpt-up" })", "a/b") ==
        R"({ "id":"r", "model" : "a/b", "text":"\u00e9 gpt-up" })");
  for (const char* text : {R"({"id":"r"})", R"({"model":null})", R"({"model":{"a":1}})", "[]", "{",
                           R"({"response":{"model":"x"}})"}) {
    CHECK(with_alias(text, "a") == text);
  }
}

TEST_CASE("only the model of an event's response is renamed, however the event is framed") {
  struct Given final : AnswerSink {
    void event(const AnswerEvent& event) override {
      json = event.json;
      wire = event.wire;
    }
    void bytes(std::string_view) override {}
    std::string json;
    std::string wire;
  } given;
  const std::string wire =
      "data: {\"type\":\"t\",\"model\":\"x\",\"response\":{\"model\" : \"gpt-up\"}}\n\n";
  const std::string_view json = std::string_view(wire).substr(6, wire.size() - 8);
  const std::string_view model = json.substr(json.find("\"gpt-up\""), 8);
  const std::string renamed = R"({"type":"t","model":"x","response":{"model" : "q\""}})";
  give_with_alias({"t", json, wire}, model, "q\"", given);
  CHECK(given.json == renamed);
  CHECK(given.wire == "data: " + renamed + "\n\n");
  give_with_alias({"t", json, {}}, model, "q\"", given);
  CHECK(given.json == renamed);
  CHECK(given.wire.empty());
  // Its JSON stood on more lines than one.
  give_with_alias({"t", json, "data: ...\n\n"}, model, "q\"", given);
  CHECK(given.wire == "event: t\ndata: " + renamed + "\n\n");
  for (const std::string_view none : {"", "null", "7"}) {
    give_with_alias({"t", json, wire}, none, "a", given);
    CHECK(given.json == json);
    CHECK(given.wire == wire);
  }
}

TEST_CASE("a stream calls the model as the client has, in its own framing") {
  const auto answer = translation_for("a/b");
  testing::CollectedAnswer given;
  const auto head =
      answer->head(200, {{"content-type", "text/event-stream"}, {"openai-model", "gpt-up"}});
  CHECK(head.response.headers.get("openai-model") == "a/b");
  answer->read(
      "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,"
      "\"response\":{\"id\":\"resp_1\",\"model\":\"gpt-up\"}}\nid: 7\n\n"
      "data: "
      "{\"type\":\"response.output_text.delta\",\"delta\":\"\\\"model\\\":\\\"gpt-up\\\"\"}\n\n",
      given);
  answer->finish(given);
  CHECK(given.out ==
        "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,"
        "\"response\":{\"id\":\"resp_1\",\"model\":\"a/b\"}}\nid: 7\n\n"
        "data: "
        "{\"type\":\"response.output_text.delta\",\"delta\":\"\\\"model\\\":\\\"gpt-up\\\"\"}\n\n");
}

TEST_CASE("a document calls the model as the client has, whatever its size") {
  for (const std::size_t size : {std::size_t{10}, std::size_t{200'000}}) {
    const auto answer = translation_for("a/b");
    testing::CollectedAnswer given;
    const std::string rest = R"(,"output_text":")" + std::string(size, 'x') + "\"}";
    const std::string text = R"({"id":"resp_1","object":"response","model":"gpt-up")" + rest;
    const auto head = answer->head(200, {{"content-type", "application/json"},
                                         {"content-length", std::to_string(text.size())}});
    CHECK_FALSE(head.response.content_length);
    answer->read(std::string_view(text).substr(0, 20), given);
    answer->read(std::string_view(text).substr(20), given);
    answer->finish(given);
    CHECK(given.out == R"({"id":"resp_1","object":"response","model":"a/b")" + rest);
  }
}

TEST_CASE("without an alias, and of an error, nothing changes") {
  for (const int status : {200, 400}) {
    const auto answer = translation_for(status == 200 ? "" : "a/b");
    testing::CollectedAnswer given;
    const std::string text = R"({"model":"gpt-up"})";
    const auto head = answer->head(status, {{"content-type", "application/json"},
                                            {"content-length", std::to_string(text.size())}});
    CHECK(head.response.content_length == text.size());
    answer->read(text, given);
    answer->finish(given);
    CHECK(given.out == text);
  }
}

}  // namespace responses_proxy
