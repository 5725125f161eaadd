#include "dialects/responses/responses_socket.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

namespace {

SocketRefusal refusal_of(const std::string& json) {
  const ResponsesSocket socket;
  const auto message = socket.read(json);
  REQUIRE(message);
  return socket.refusal(*message);
}

}  // namespace

TEST_CASE("each message is an event or an error, and says how the answer stands") {
  using Trouble = UpstreamMessage::Trouble;
  struct {
    const char* json;
    AnswerState state;
    Trouble trouble;
  } const rows[] = {
      {R"({"type":"response.created"})", AnswerState::open, Trouble::none},
      {R"({"type":"response.completed"})", AnswerState::completed, Trouble::none},
      {R"({"type":"response.incomplete"})", AnswerState::incomplete, Trouble::none},
      {R"({"type":"response.incomplete","response":{"incomplete_details":{"reason":"steered"}}})",
       AnswerState::open, Trouble::none},
      {R"({"type":"response.failed","response":{"error":{"code":"previous_response_not_found"}}})",
       AnswerState::failed, Trouble::none},
      {R"({"type":"error","error":{"code":"previous_response_not_found"}})", AnswerState::failed,
       Trouble::id_unknown},
      {R"({"type":"error","code":"websocket_connection_limit_reached"})", AnswerState::failed,
       Trouble::connection_used_up},
      {R"({"type":"error","error":{"message":"previous_response_not_found"}})", AnswerState::failed,
       Trouble::other},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    const auto message = ResponsesSocket().read(row.json);
    REQUIRE(message);
    CHECK(message->state == row.state);
    CHECK(message->trouble == row.trouble);
  }
  for (const char* none : {"", "[]", "{\"type\":", "{} {}"}) {
    CHECK_FALSE(ResponsesSocket().read(none));
  }
  CHECK(refusal_of(R"({"type":"error","status":400,"code":"websocket_connection_limit_reached"})")
            .status == 503);
}

TEST_CASE("an error message has a status, headers and a body") {
  const SocketRefusal error = refusal_of(
      R"({"type":"error","status":429,"error":{"code":"rate_limit\u005fexceeded","x":1},)"
      R"("headers":{"retry-after":"7","n":5,"content-encoding":"gzip","bad name":"x",)"
      R"("evil":"a\r\nb","content-length":3}})");
  CHECK(error.status == 429);
  CHECK(error.headers.size() == 3);
  CHECK(error.headers.get("content-type") == "application/json");
  CHECK(error.headers.get("retry-after") == "7");
  CHECK(error.headers.get("n") == "5");
  CHECK(error.body == R"({"error":{"code":"rate_limit\u005fexceeded","x":1}})");
}

TEST_CASE("without a status that is one, the code has its own") {
  CHECK(refusal_of(R"({"type":"error","status_code":503,"error":{}})").status == 503);
  for (const char* status : {"0", "200", "99999", "\"429\"", "null"}) {
    CAPTURE(status);
    CHECK(refusal_of(
              std::string(R"({"type":"error","error":{"code":"rate_limit_exceeded"},"status":)") +
              status + "}")
              .status == 429);
  }
}

TEST_CASE("a message may be the error itself, and an error have its own headers") {
  const SocketRefusal error = refusal_of(R"({"type":"error","code":"c","message":"m"})");
  CHECK(error.body == R"({"error":{"type":"error","code":"c","message":"m"}})");
  CHECK(refusal_of(R"({"type":"error","error":{"headers":{"retry-after":"3"}}})")
            .headers.get("retry-after") == "3");
}

}  // namespace responses_proxy
