#include "storage/cursor.h"

#include <doctest/doctest.h>

#include "storage/record_store.h"

using namespace responses_proxy;

TEST_CASE("a cursor comes back as it was, whatever the id holds") {
  for (const std::string id : {"", "req_1", "a.b&c=d%20", "\xC3\xBC \"quoted\""}) {
    const std::string text = encode_cursor({1795219200123456, 3, id});
    CHECK(text.find_first_not_of("0123456789abcdef.") == std::string::npos);
    const Cursor cursor = decode_cursor(text);
    CHECK(cursor.time == 1795219200123456);
    CHECK(cursor.number == 3);
    CHECK(cursor.id == id);
  }
  CHECK(decode_cursor(encode_cursor({-5, 0, "x"})).time == -5);
}

TEST_CASE("the longest cursor is within the bound") {
  const Cursor longest{INT64_MIN, INT64_MIN, std::string(RecordQuery::kMaxText, '~')};
  CHECK(encode_cursor(longest).size() <= RecordQuery::kMaxCursor);
}

TEST_CASE("anything else is refused") {
  for (const char* text : {"", "x", "1", "1.", "1.2", ".1.61", "1..61", "1.2.6", "1.2.6g",
                           "1.2.61 ", " 1.2.61", "ffffffffffffffffff.0.61", "1.2.+1", "1 .2.61"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(decode_cursor(text), InvalidCursor);
  }
}
