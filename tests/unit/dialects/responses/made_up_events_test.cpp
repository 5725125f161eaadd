#include "dialects/responses/made_up_events.h"

#include <doctest/doctest.h>

#include "core/json.h"
#include "core/sse_event.h"
#include "fakes/responses_stream_rules.h"
#include "unit/dialects/responses/read_answer.h"

namespace responses_proxy {

namespace {

const WallTime kNow{std::chrono::seconds(1'800'000'000)};

AnswerFacts facts_of(const std::vector<std::string>& events) {
  testing::StreamReading reader;
  for (const std::string& event : events) reader.read(sse_event("", event));
  return reader.facts();
}

constexpr const char* kRequest = R"({"model":"m","previous_response_id":"resp_0","store":false,
  "tools":[{"type":"function","name":"f"}],"reasoning":{"effort":"high"},"temperature":0.5})";

std::vector<Json> read(const std::vector<std::string>& events) {
  std::vector<Json> all;
  for (const std::string& event : events) all.push_back(Json::parse(event));
  return all;
}

}  // namespace

TEST_CASE("a warm-up is answered with a whole response without output") {
  const auto events = warm_up_events(kRequest, "resp_1", kNow);
  const auto facts = facts_of(events);
  CHECK(facts.response_id == "resp_1");
  CHECK(facts.state == AnswerState::completed);
  CHECK(facts.usage.total == 0);
  testing::check_stream_rules(read(events), Json::parse(kRequest));
  const Json response = read(events).back()["response"];
  CHECK(response["previous_response_id"] == "resp_0");
  CHECK(response["model"] == "m");
  CHECK(response["reasoning"]["effort"] == "high");
  CHECK(response["completed_at"] == response["created_at"]);
}

TEST_CASE("a warm-up that this parser cannot hold is answered all the same") {
  const auto events = warm_up_events(R"({"metadata":1e999})", "resp_1", kNow);
  CHECK(facts_of(events).state == AnswerState::completed);
}

TEST_CASE("an interrupted answer ends as incomplete") {
  const auto end = interrupted_events(kRequest, "resp_1", 7, kNow);
  REQUIRE(end.size() == 1);
  CHECK(facts_of(end).state == AnswerState::incomplete);
  CHECK(read(end)[0]["sequence_number"] == 7);
  CHECK(read(end)[0]["response"]["incomplete_details"]["reason"] == "interrupted");
  testing::check_response_members(read(end)[0]["response"], Json::parse(kRequest));
  const auto whole = interrupted_events(kRequest, "resp_1", 0, kNow);
  testing::check_stream_rules(read(whole), Json::parse(kRequest));
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
