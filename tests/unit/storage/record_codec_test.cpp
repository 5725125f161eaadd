#include "storage/record_codec.h"

#include <doctest/doctest.h>

#include "core/json.h"
#include "fakes/sample_records.h"
#include "storage/record_fields.h"
#include "storage/record_queries.h"
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

TEST_CASE("the text has a member for each column, each with a value of its own in the samples") {
  const auto json = Json::parse(encode_record(testing::failed_record("a", testing::at_second(1))));
  const auto plain = Json::parse(encode_record(RequestRecord()));
  for (const auto& field : request_fields()) {
    CAPTURE(field.column);
    REQUIRE(json.contains(field.column));
    const auto other =
        Json::parse(encode_record(testing::sample_record("b", testing::at_second(2))));
    CHECK(
        (json[field.column] != plain[field.column] || other[field.column] != plain[field.column]));
  }
  for (const auto& field : attempt_fields()) {
    CHECK(json["attempts"].at(0).contains(field.column));
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
