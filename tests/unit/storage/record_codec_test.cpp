#include "storage/record_codec.h"

#include <doctest/doctest.h>

#include "core/json.h"
#include "fakes/sample_records.h"
#include "responses_proxy/record_queries.h"
#include "storage/record_fields.h"
#include "storage/sql_values.h"

using namespace responses_proxy;

TEST_CASE("every field comes back") {
  for (RequestRecord record : {testing::sample_record("one", testing::at_second(1)),
                               testing::failed_record("two", testing::at_second(2))}) {
    record.attempts.back().error = "e";
    CHECK(decode_record(encode_record(record)) == record);
    record.attempts.clear();
    record.usage = {};
    CHECK(decode_record(encode_record(record)) == record);
  }
}

TEST_CASE("the text has a member for each column") {
  const auto json = Json::parse(encode_record(testing::failed_record("a", testing::at_second(1))));
  for (const auto& field : request_fields())
    CHECK_MESSAGE(json.contains(field.column), field.column);
  for (const auto& field : attempt_fields()) {
    CHECK_MESSAGE(json["attempts"].at(0).contains(field.column), field.column);
  }
}

TEST_CASE("extreme values come back as the database would keep them") {
  RequestRecord record = testing::sample_record("a\x01\"\\\n\xC3\xA9", testing::at_second(-1));
  record.session_name = "cut \xFF here";
  record.model.assign(RecordQuery::kMaxText + 9, 'm');
  record.request_bytes = std::numeric_limits<std::int64_t>::max();
  record.usage.input = std::numeric_limits<std::int64_t>::min();
  record.created_at += std::chrono::nanoseconds(999);
  RequestRecord stored = record;
  stored.session_name = "cut \xEF\xBF\xBD here";
  stored.model.resize(RecordQuery::kMaxText);
  stored.created_at = from_micros(to_micros(record.created_at));
  CHECK(decode_record(encode_record(record)) == stored);
}

TEST_CASE("unknown members are passed over, missing ones keep their default") {
  const auto record = decode_record(R"({"new_column":[1],"request_id":"r","attempts":[{}]})");
  REQUIRE(record);
  CHECK(record->request_id == "r");
  CHECK(record->attempts == std::vector{AttemptRecord()});
}

// A new field does not make the entries unreadable that an older version has left behind.
TEST_CASE("an entry as the first version wrote it") {
  const auto record = decode_record(
      R"({"request_id":"b","created_at":1795219202000000,"method":"POST","path":"/v1/responses",)"
      R"("stream":0,"session_id":"s-1","session_name":"first session","asked_pool_id":"batch",)"
      R"("model":"gpt-5.5","model_alias":"codex/interactive","previous_response_id":"resp_before",)"
      R"("response_id":"resp_of_b","status_code":502,"completed":0,"blame":"provider",)"
      R"("error":"upstream_unreachable","adjusted":"encrypted_items_dropped","input_tokens":null,)"
      R"("output_tokens":null,"total_tokens":null,"cached_tokens":null,"reasoning_tokens":null,)"
      R"("request_bytes":4321,"response_bytes":98765,"text_bytes":1234,"duration_us":812999,)"
      R"("first_byte_us":null,"proxy_us":97,"client_request_id":"client-b","request_body":"{}",)"
      R"("response_body":"","attempts":[{"resource_id":"openai-1","provider_id":"environment",)"
      R"("pool_id":"default","reason":"session_affinity","started_at":1795219202000097,)"
      R"("duration_us":812345,"first_byte_us":401002,"status_code":429,"blame":"resource",)"
      R"("error":"http_429","upstream_request_id":"req_upstream_7"},{"resource_id":"openai-2",)"
      R"("provider_id":"environment","pool_id":"batch","reason":"failover",)"
      R"("started_at":1795219203000000,"duration_us":812345,"first_byte_us":null,"status_code":0,)"
      R"("blame":"provider","error":"connect","upstream_request_id":""}]})");
  RequestRecord expected = testing::failed_record("b", testing::at_second(2));
  expected.request_body = "{}";
  expected.caller.clear();
  CHECK(record == expected);
}

TEST_CASE("words that this version does not know are kept") {
  const std::string text = R"({"request_id":"r","blame":"weather",
    "attempts":[{"reason":"round_robin","blame":"network","priority":7}],"priority":[{}]})";
  const auto record = decode_record(text);
  REQUIRE(record);
  CHECK(record->blame.text() == "weather");
  REQUIRE(record->attempts.size() == 1);
  CHECK(record->attempts[0].reason.text() == "round_robin");
  CHECK(record->attempts[0].blame.text() == "network");
  CHECK(decode_record(encode_record(*record)) == record);
}

TEST_CASE("anything else is no record") {
  for (const char* text :
       {"", "{", "null", "[]", "{}", R"({"request_id":"r"})", R"({"request_id":"","attempts":[]})",
        R"({"request_id":7,"attempts":[]})", R"({"request_id":"r","attempts":{}})",
        R"({"request_id":"r","attempts":[7]})", R"({"request_id":"r","attempts":[],"stream":"x"})",
        R"({"request_id":"r","attempts":[],"status_code":1.5})",
        R"({"request_id":"r","attempts":[],"duration_us":null})",
        R"({"request_id":"r","attempts":[],"blame":4})"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_record(text));
  }
  // A time beyond the clock's range is the last one it has.
  CHECK(decode_record(R"({"request_id":"r","attempts":[],"created_at":-9223372036854775808})"));
}
