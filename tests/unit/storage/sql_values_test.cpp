#include "storage/sql_values.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

TEST_CASE("every word of an enum is read back") {
  for (const Blame blame :
       {Blame::none, Blame::client, Blame::resource, Blame::provider, Blame::proxy}) {
    CHECK(parse_blame(to_string(blame)) == blame);
  }
  for (const SelectionReason reason :
       {SelectionReason::response_affinity, SelectionReason::session_affinity,
        SelectionReason::weighted_least_connections, SelectionReason::failover}) {
    CHECK(parse_selection_reason(to_string(reason)) == reason);
  }
  CHECK_THROWS_AS(parse_blame("nobody"), StorageError);
  CHECK_THROWS_AS(parse_blame(""), StorageError);
  CHECK_THROWS_AS(parse_selection_reason("round_robin"), StorageError);
}

TEST_CASE("times are rounded down to microseconds, before 1970 too") {
  CHECK(to_micros(WallTime(std::chrono::nanoseconds(1999))) == 1);
  CHECK(to_micros(WallTime(std::chrono::nanoseconds(-1))) == -1);
  CHECK(from_micros(-1) == WallTime(std::chrono::microseconds(-1)));
}

TEST_CASE("texts are made storable and stay bounded") {
  CHECK(storable_text("") == "");
  CHECK(storable_text(std::string(1, '\0')) == "\uFFFD");
  CHECK(storable_text("a\x80z") == "a\uFFFDz");
  CHECK(storable_text("\xF0\x9F\x98") == "\uFFFD\uFFFD\uFFFD");
  CHECK(storable_text("\xF5\x80\x80\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD");
  const std::string exact(RecordQuery::kMaxText, 'x');
  CHECK(storable_text(exact) == exact);
  CHECK(storable_text(exact + "x") == exact);
  CHECK(storable_text(std::string(10'000, '\xFF')).size() <= RecordQuery::kMaxText);
}
