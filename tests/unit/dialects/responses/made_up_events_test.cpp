#include "dialects/responses/made_up_events.h"

#include <doctest/doctest.h>

#include "core/json.h"
#include "core/sse_event.h"
#include "unit/dialects/responses/read_answer.h"

namespace responses_proxy {

namespace {

const WallTime kNow{std::chrono::seconds(1'800'000'000)};

AnswerFacts facts_of(const std::vector<std::string>& events) {
  testing::StreamReading reader;
  for (const std::string& event : events) reader.read(sse_event("", event));
  return reader.facts();
}

}  // namespace

TEST_CASE("a warm-up is answered with a whole response without output") {
  const auto facts = facts_of(warm_up_events("", "resp_1", kNow));
  CHECK(facts.response_id == "resp_1");
  CHECK(facts.state == AnswerState::completed);
  CHECK(facts.usage.total == 0);
  const auto chained = warm_up_events("resp_0", "resp_1", kNow);
  REQUIRE(chained.size() == 2);
  for (const std::string& event : chained) {
    CHECK(event.find(R"("previous_response_id":"resp_0")") != std::string::npos);
  }
}

TEST_CASE("an interrupted answer ends as incomplete") {
  const auto end = interrupted_events("resp_1", 7, kNow);
  REQUIRE(end.size() == 1);
  CHECK(facts_of(end).state == AnswerState::incomplete);
  CHECK(end[0].find(R"("reason":"interrupted")") != std::string::npos);
  const auto whole = interrupted_events("resp_1", 0, kNow);
  REQUIRE(whole.size() == 2);
  CHECK(whole[0].find("response.created") != std::string::npos);
}

TEST_CASE("an answer without an end gets one that is a whole message") {
  const Json failed = Json::parse(failed_message(kNow));
  CHECK(failed["type"] == "response.failed");
  CHECK(failed["response"]["status"] == "failed");
  CHECK(failed["response"]["error"]["code"] == "server_error");
}

TEST_CASE("an error message has the status, the error and the headers of the answer") {
  const Json message = Json::parse(error_message(
      429, {{"retry-after", "2"}, {"content-type", "application/json"}},
      R"({"error":{"type":"t","code":"c","message":"m","param":null,"plan":"x"}})", "lane"));
  CHECK(message["type"] == "error");
  CHECK(message["status"] == 429);
  CHECK(message["stream_id"] == "lane");
  CHECK(message["error"]["plan"] == "x");
  CHECK(message["headers"] == Json{{"retry-after", "2"}});
}

TEST_CASE("an answer that is no OpenAI error becomes one") {
  for (const char* body : {"", "<html>", "[]", R"({"error":"text"})", R"({"error":{"a":)"}) {
    CAPTURE(body);
    const Json message = Json::parse(error_message(502, {}, body, ""));
    CHECK(message["error"]["code"] == "http_502");
    CHECK(message["error"]["type"] == "server_error");
    CHECK_FALSE(message.contains("stream_id"));
    CHECK_FALSE(message.contains("headers"));
  }
}

TEST_CASE("headers that socket clients read from an event become one") {
  CHECK(metadata_message({{"x-request-id", "r"}}).empty());
  CHECK(Json::parse(metadata_message(
            {{"x-codex-turn-state", "s"}}))["headers"]["x-codex-turn-state"] == "s");
}

}  // namespace responses_proxy
