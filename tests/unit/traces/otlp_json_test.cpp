#include "traces/otlp_json.h"

#include <doctest/doctest.h>

#include "core/json.h"
#include "fakes/sample_records.h"

using namespace responses_proxy;
using testing::at_second;

namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

TracedExchange traced(RequestRecord record) {
  TracedExchange exchange{{kTrace, "00f067aa0ba902b7", "b7ad6b7169203331", {}}, std::move(record)};
  for (std::size_t i = 0; i < exchange.record.attempts.size(); ++i) {
    exchange.trace.attempts.push_back("000000000000000" + std::to_string(i + 1));
  }
  return exchange;
}

Json spans_of(const TracedExchange& exchange) {
  const Json all = Json::parse(otlp_json({&exchange, 1}, {{"service.name", "here"}}));
  return all.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans");
}

// The value of an attribute, null if there is none.
Json attribute(const Json& span, const std::string& name) {
  for (const Json& one : span.at("attributes")) {
    if (one.at("key") == name) return one.at("value").begin().value();
  }
  return nullptr;
}

}  // namespace

TEST_CASE("an exchange is a span of the caller's trace, its attempts are spans below it") {
  const RequestRecord record = testing::failed_record("failed", at_second(7));
  const Json spans = spans_of(traced(record));
  REQUIRE(spans.size() == 1 + record.attempts.size());
  CHECK(spans[0].at("parentSpanId") == "b7ad6b7169203331");
  CHECK(spans[0].at("kind") == 2);
  for (std::size_t i = 0; i < spans.size(); ++i) CHECK(spans[i].at("traceId") == kTrace);
  for (std::size_t i = 1; i < spans.size(); ++i) {
    CHECK(spans[i].at("parentSpanId") == "00f067aa0ba902b7");
    CHECK(spans[i].at("kind") == 3);
    CHECK(attribute(spans[i], "rp.attempt") == std::to_string(i));
    CHECK(attribute(spans[i], "rp.resource_id") == record.attempts[i - 1].resource_id);
  }
  CHECK(spans[0].at("status").at("code") == 2);
}

TEST_CASE("times are nanoseconds in texts, numbers texts, durations ends") {
  const RequestRecord record = testing::sample_record("one", at_second(7));
  const Json span = spans_of(traced(record))[0];
  CHECK(span.at("startTimeUnixNano") == "1795219207000000000");
  CHECK(span.at("endTimeUnixNano") == "1795219207812999000");
  CHECK(span.at("events").at(0).at("name") == "first_byte");
  CHECK(span.at("events").at(0).at("timeUnixNano") == "1795219207401100000");
  CHECK(attribute(span, "gen_ai.usage.input_tokens") == "100");
  CHECK(attribute(span, "http.response.status_code") == "200");
  CHECK(span.at("status") == Json::object());
}

TEST_CASE("generation is named by its model, anything else by its path") {
  RequestRecord record = testing::sample_record("one", at_second(0));
  Json spans = spans_of(traced(record));
  CHECK(spans[0].at("name") == "chat codex/interactive");
  CHECK(attribute(spans[0], "gen_ai.request.model") == "codex/interactive");
  CHECK(attribute(spans[1], "gen_ai.request.model") == "gpt-5.5");
  CHECK(attribute(spans[1], "gen_ai.provider.name") == "openai");
  CHECK(attribute(spans[0], "gen_ai.response.id") == record.response_id);
  CHECK(attribute(spans[0], "gen_ai.conversation.id") == "s-1");
  record.method = "GET";
  record.path = "/v1/responses/resp_1/input_items";
  spans = spans_of(traced(record));
  CHECK(spans[0].at("name") == "GET /v1/responses/{id}");
  CHECK(attribute(spans[0], "gen_ai.operation.name") == nullptr);
  record.path = "/v1/models";
  CHECK(spans_of(traced(record))[0].at("name") == "GET /v1/models");
}

TEST_CASE("a turn on a socket is an exchange; a client's own mistake is no error of the server") {
  RequestRecord record = testing::sample_record("one", at_second(0));
  record.method = "WEBSOCKET";
  record.blame = Blame::client;
  record.status_code = 400;
  record.error = "invalid_request";
  const Json span = spans_of(traced(record))[0];
  CHECK(span.at("name") == "chat codex/interactive");
  CHECK(attribute(span, "rp.websocket") == true);
  CHECK(attribute(span, "error.type") == "invalid_request");
  CHECK(span.at("status") == Json::object());
}

TEST_CASE("nothing of what was asked and answered is in a span") {
  RequestRecord record = testing::sample_record("one", at_second(0));
  record.request_body = "what was asked";
  record.response_body = "what was answered";
  record.session_name = "a name that somebody gave";
  const TracedExchange exchange = traced(record);
  const std::string text = otlp_json({&exchange, 1}, {});
  for (const char* content : {"what was", "a name that"}) {
    CHECK(text.find(content) == std::string::npos);
  }
}
