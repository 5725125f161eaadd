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

}  // namespace responses_proxy
