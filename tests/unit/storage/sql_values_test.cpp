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

TEST_CASE("one byte that is not stored as it is, is seen wherever it stands") {
  for (std::size_t size = 1; size < 40; ++size) {
    CHECK(is_storable(std::string(size, '\1')));
    CHECK(is_storable(std::string(size, '\x7F')));
    for (std::size_t at = 0; at < size; ++at) {
      for (const char byte : {'\0', '\x80', '\xFF'}) {
        std::string text(size, '\x7F');
        text[at] = byte;
        CHECK_FALSE(is_storable(text));
      }
    }
  }
  CHECK(is_storable(""));
  CHECK_FALSE(is_storable(std::string(RecordQuery::kMaxText + 1, 'x')));
}
