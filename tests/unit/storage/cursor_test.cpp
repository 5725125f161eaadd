#include "storage/cursor.h"

#include <doctest/doctest.h>

#include <set>

#include "fakes/sample_records.h"
#include "responses_proxy/record_queries.h"
#include "storage/record_key.h"

using namespace responses_proxy;

namespace {

constexpr std::uint32_t kScope = 0xCAFE;

}  // namespace

TEST_CASE("a cursor comes back as it was, whatever the id holds") {
  for (const std::string id : {"", "req_1", "a.b&c=d%20", "\xC3\xBC \"quoted\""}) {
    const std::string text = encode_cursor({1795219200123456, 3, id}, kScope);
    CHECK(text.find_first_not_of("0123456789abcdef.") == std::string::npos);
    const Cursor cursor = decode_cursor(text, kScope);
    CHECK(cursor.time == 1795219200123456);
    CHECK(cursor.number == 3);
    CHECK(cursor.id == id);
    CHECK_THROWS_AS(decode_cursor(text, kScope + 1), InvalidCursor);
  }
  CHECK(decode_cursor(encode_cursor({-5, 0, "x"}, 0), 0).time == -5);
}

TEST_CASE("a cursor of requests says where its row is, and which attempts are still to come") {
  for (const std::int64_t key : {kSlots * 1'795'219'200'123'456 + 1'023, std::int64_t{-1},
                                 std::int64_t{0}, -kLastMicros * kSlots}) {
    for (const int attempt : {0, 1, 3}) {
      const Cursor cursor = key_cursor(key, attempt, "req_1");
      const Cursor read = decode_cursor(encode_cursor(cursor, kScope), kScope);
      CHECK(cursor_key(read) == key);
      CHECK(attempts_left(read) == static_cast<std::size_t>(attempt == 0 ? 0 : attempt - 1));
      CHECK(read.id == "req_1");
    }
  }
  // As earlier versions gave them out: the time of the request, and the attempt.
  const Cursor earlier{1'795'219'200'123'456, 3, "req_1"};
  CHECK(cursor_key(earlier) == kSlots * earlier.time);
  CHECK(attempts_left(earlier) == 2);
  CHECK(attempts_left({0, INT32_MIN, ""}) == 0);
  CHECK(cursor_key({INT64_MAX, 0, ""}) == kSlots * kLastMicros);
}

TEST_CASE("the longest cursor is within the bound") {
  const Cursor longest{INT64_MIN, INT32_MIN, std::string(RecordQuery::kMaxText, '~')};
  CHECK(encode_cursor(longest, UINT32_MAX).size() <= RecordQuery::kMaxCursor);
}

TEST_CASE("anything else is refused") {
  for (const char* text :
       {"", "x", "cafe", "cafe.", "cafe.1", "cafe.1.", "cafe.1.2", "1.2.61", "cafe..1.61",
        "cafe.1..61", "cafe.1.2.6", "cafe.1.2.6g", "cafe.1.2.61 ", " cafe.1.2.61",
        "cafe.ffffffffffffffffff.0.61", "cafe.1.ffffffff.61", "cafe.1.2.+1", "cafe.1 .2.61"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(decode_cursor(text, kScope), InvalidCursor);
  }
  CHECK_NOTHROW(decode_cursor("cafe.1.2.61", kScope));
}

TEST_CASE("every list and every set of filters has a scope of its own; the page does not matter") {
  using Q = RecordQuery;
  std::vector<RecordQuery> queries(1);
  for (auto text : {&Q::session_id, &Q::resource_id, &Q::pool_id, &Q::requested_pool_id, &Q::model,
                    &Q::caller}) {
    for (const char* value : {"", "a", "1:a"}) (queries.emplace_back()).*text = value;
  }
  for (auto number : {&Q::status, &Q::status_class}) (queries.emplace_back()).*number = 4;
  for (auto time : {&Q::since, &Q::until}) (queries.emplace_back()).*time = testing::at_second(0);
  std::set<std::uint32_t> scopes;
  for (const char* list : {"requests", "decisions", "sessions", "telemetry"}) {
    for (const RecordQuery& query : queries) scopes.insert(cursor_scope(list, query));
  }
  CHECK(scopes.size() == 4 * queries.size());
  RecordQuery page;
  page.limit = 7;
  page.cursor = "abc";
  CHECK(cursor_scope("requests", page) == cursor_scope("requests", {}));
}
