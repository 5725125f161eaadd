#include "dialects/responses/event_head.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

namespace {

std::string type_of(std::string_view json) {
  const auto head = read_event_head(json);
  return head ? head->type : "no object";
}

}  // namespace

TEST_CASE("the type of an event is that of its top level") {
  struct {
    const char* json;
    const char* type;
  } const cases[] = {
      {R"({"type":"response.completed"})", "response.completed"},
      {R"({"response":{"output":[{"type":"message"}]},"type":"response.completed"})",
       "response.completed"},
      {R"({ "item" : {"type":"x"} , "type" : "response.output_item.done" })",
       "response.output_item.done"},
      {R"({"delta":"\"type\":\"response.failed\"","type":"response.output_text.delta"})",
       "response.output_text.delta"},
      {R"({"\u0074ype":"response.\u0063ompleted"})", "response.completed"},
      {R"({"type":"response.created","type":"response.completed"})", "response.completed"},
      {R"({"type":"response.completed","n":123456789012345678901234567890,"m":1e999})",
       "response.completed"},
      {R"({"item":{"type":"message"}})", ""},
      {R"({"type":7})", ""},
      {R"({})", ""},
  };
  for (const auto& [json, type] : cases) {
    CAPTURE(json);
    CHECK(type_of(json) == type);
  }
}

TEST_CASE("what is cut off anywhere is no object") {
  const std::string whole =
      R"({"type":"response.completed","response":{"id":"resp_1","output":[{"text":"a\"}"}]}})";
  REQUIRE(type_of(whole) == "response.completed");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(read_event_head(whole.substr(0, length)));
  }
  for (const char* other : {"[DONE]", "[]", "7", "null", "\"type\"", "{}x", "{not json}"}) {
    CAPTURE(other);
    CHECK_FALSE(read_event_head(other));
  }
}

TEST_CASE("error codes and reasons are found where they belong, and nowhere else") {
  const auto head = [](const char* json) { return read_event_head(json).value(); };
  CHECK(head(R"({"type":"error","error":{"code":"a"},"code":"b"})").error_code == "a");
  CHECK(head(R"({"type":"error","code":"b","message":"\"code\":\"a\""})").error_code == "b");
  CHECK(head(R"({"response":{"error":{"code":"c"}}})").error_code == "c");
  CHECK(head(R"({"type":"error","error":{"message":"previous_response_not_found"}})")
            .error_code.empty());
  CHECK(head(R"({"item":{"error":{"code":"x"}}})").error_code.empty());
  CHECK(head(R"({"sequence_number":12})").sequence_number == 12);
  CHECK_FALSE(head(R"({"sequence_number":"12"})").sequence_number);
  CHECK_FALSE(head(R"({"sequence_number":1.5})").sequence_number);
  CHECK_FALSE(head(R"({"item":{"sequence_number":12}})").sequence_number);
}

TEST_CASE("only a response.incomplete whose own reason says so was steered") {
  const auto steered = [](const std::string& type, const std::string& response) {
    return read_event_head(R"({"type":")" + type + R"(","response":)" + response + "}")
        .value()
        .steered();
  };
  const std::string reason = R"({"incomplete_details":{"reason":"steered"}})";
  CHECK(steered("response.incomplete", reason));
  CHECK_FALSE(steered("response.completed", reason));
  CHECK_FALSE(steered("response.incomplete", R"({"incomplete_details":{"reason":"max"},)"
                                             R"("output":[{"text":"steered"},"steered"]})"));
}

TEST_CASE(
    "the parts of an event are where they stand in it, and those of the event before are not") {
  const std::string json =
      R"({ "type":"t","delta": "a\"b" ,"item":{"id":"msg_1","x":{"id":"no"}},"stream_id":null,)"
      R"("response":{"id":"resp_1","model" : "m","conversation":{"id":"conv_1"},"store":false,)"
      R"("background":true,"usage":{"input_tokens":1},)"
      R"("output":[{"id":"a","content":[{"id":"no"}]}, {"id":"\u0062"},{"id":7},[{"id":"no"}]]}})";
  const EventHead head = read_event_head(json).value();
  const EventParts& parts = head.parts;
  CHECK(head.names_stream);
  CHECK(parts.delta == R"("a\"b")");
  CHECK(parts.item == R"({"id":"msg_1","x":{"id":"no"}})");
  CHECK(parts.item_id == R"("msg_1")");
  CHECK(parts.response_id == R"("resp_1")");
  CHECK(parts.model == R"("m")");
  CHECK(parts.conversation_id == R"("conv_1")");
  CHECK(parts.usage == R"({"input_tokens":1})");
  CHECK(parts.output.starts_with(R"([{"id":"a")"));
  CHECK(parts.output.ends_with(R"([{"id":"no"}]])"));
  CHECK(parts.output_ids == std::vector<std::string>{"a", "b"});
  CHECK(parts.stored == false);
  CHECK(parts.background == true);
  for (const std::string_view part : {parts.delta, parts.item, parts.model, parts.output}) {
    CHECK(part.data() > json.data());
    CHECK(part.data() + part.size() < json.data() + json.size());
  }
  const EventHead next =
      read_event_head(R"({"type":"t","response":null,"item":[],"usage":7})").value();
  CHECK_FALSE(next.names_stream);
  CHECK(next.parts.delta.empty());
  CHECK(next.parts.item_id.empty());
  CHECK(next.parts.usage.empty());
  CHECK(next.parts.response_id.empty());
  CHECK(next.parts.output_ids.empty());
  CHECK_FALSE(next.parts.stored);
  const EventHead own =
      read_event_head(R"({"usage":{"a":1},"response":{"usage":{"b":1},"error":null}})").value();
  CHECK(own.parts.usage == R"({"a":1})");
  CHECK(own.error_code.empty());
}

}  // namespace responses_proxy
