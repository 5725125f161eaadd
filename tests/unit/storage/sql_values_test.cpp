#include "storage/sql_values.h"

#include <doctest/doctest.h>

#include "responses_proxy/blame.h"
#include "responses_proxy/record_queries.h"

using namespace responses_proxy;

TEST_CASE("a word is the enum's, or a text of its own") {
  Word<Blame> word = Blame::provider;
  CHECK(word == Blame::provider);
  CHECK(word != Blame::proxy);
  CHECK(word.text() == "provider");
  CHECK(to_sql(word) == SqlValue("provider"));
  CHECK(Word<Blame>("provider") == word);
  CHECK(to_sql(Word<Blame>("weather \xFF")) == SqlValue("weather \uFFFD"));
  CHECK(Word<Blame>("weather") != Blame::none);
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
