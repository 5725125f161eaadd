#include "storage/record_codec.h"

#include <doctest/doctest.h>

#include "fakes/filled_record.h"
#include "fakes/sample_records.h"
#include "responses_proxy/record_queries.h"
#include "storage/compact_fields.h"
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

TEST_CASE("a row's details and its columns are the record") {
  for (const RequestRecord& record : {testing::without_bodies(testing::filled_record()),
                                      testing::failed_record("b", testing::at_second(2))}) {
    std::string bytes;
    encode_details(record, bytes);
    RequestRecord read;
    read.created_at = record.created_at;
    read.request_id = record.request_id;
    read.session_id = record.session_id;
    read.response_id = record.response_id;
    read.caller = record.caller;
    read.model = record.model;
    read.requested_pool_id = record.requested_pool_id;
    read.status_code = record.status_code;
    REQUIRE(decode_details(bytes, read));
    CHECK(read == testing::without_bodies(record));
    CHECK_FALSE(decode_details("", read));
    CHECK_FALSE(decode_details("?", read));
  }
}

// The length of the section that begins at `at`, as this version writes it, becomes `more` longer.
void lengthen(std::string& bytes, std::size_t at, std::size_t more) {
  std::size_t length = static_cast<unsigned char>(bytes[at]) +
                       std::size_t{256} * static_cast<unsigned char>(bytes[at + 1]);
  bytes.insert(at + CompactWriter::kLengthBytes + length, more, '\x55');
  length += more;
  bytes[at] = static_cast<char>(length & 0xFFU);
  bytes[at + 1] = static_cast<char>(length >> 8U);
}

TEST_CASE("what a later version has at the end of a section is passed over") {
  const RequestRecord record =
      testing::without_bodies(testing::sample_record("one", testing::at_second(1)));
  std::string bytes = encode_record(record);
  lengthen(bytes, 1, 9);
  CHECK(decode_record(bytes) == record);
}

TEST_CASE("what an earlier version has not at the end of a section keeps its default") {
  std::string bytes(1, '\1');
  CompactWriter writer(bytes, 0);
  writer.section([&] {
    writer.put(std::int64_t{7});
    writer.put(std::string("r"));
  });
  writer.section([] {});
  writer.section([] {});
  const auto record = decode_record(bytes);
  REQUIRE(record);
  CHECK(record->request_id == "r");
  CHECK(record->created_at == from_micros(7));
  CHECK(record->attempts == std::vector{AttemptRecord()});
}

TEST_CASE("a record that is cut is none, or what was whole of it") {
  const std::string whole = encode_record(testing::failed_record("b", testing::at_second(2)));
  std::size_t read = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto record = decode_record(std::string_view(whole).substr(0, size));
    if (!record) continue;
    ++read;
    CHECK(record->attempts.size() < 2);
  }
  CHECK(read == 2);  // before the first attempt, and before the second
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
