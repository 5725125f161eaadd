#include "core/utf8_text.h"

#include <doctest/doctest.h>

#include <iterator>
#include <string>

namespace responses_proxy {

namespace {

const std::string kReplaced = "\xEF\xBF\xBD";

}  // namespace

TEST_CASE("valid text stays as it is, up to the limit and to a whole character") {
  const std::string text = "a\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80z";  // 1, 2, 3, 4 and 1 bytes
  const std::size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (std::size_t limit = 0; limit < std::size(kept); ++limit) {
    CAPTURE(limit);
    CHECK(utf8_text(text, limit) == text.substr(0, kept[limit]));
  }
  CHECK(utf8_text("", 10).empty());
}

TEST_CASE("other bytes and NUL are replaced, one by one") {
  CHECK(utf8_text(std::string_view("a\0b", 3), 100) == "a" + kReplaced + "b");
  CHECK(utf8_text("\xFF\xC3", 100) == kReplaced + kReplaced);
  CHECK(utf8_text("\xC3(\xE6\x97", 100) == kReplaced + "(" + kReplaced + kReplaced);
  CHECK(utf8_text("\xED\xA0\x80", 100) == kReplaced + kReplaced + kReplaced);  // a surrogate
  CHECK(utf8_text("ab\xFF", 4) == "ab");  // a replacement does not fit
  CHECK(utf8_text("\x80\x80\x80\x80\x80", 3) == kReplaced);
}

TEST_CASE("a byte order mark in front is dropped, once, and only there") {
  const std::string mark = "\xEF\xBB\xBF";
  for (const std::string text : {"", "{}", "\xEF\xBB", "a\xEF\xBB\xBF"}) {
    std::string marked = mark + text;
    drop_byte_order_mark(marked);
    CHECK(marked == text);
    drop_byte_order_mark(marked);
    CHECK(marked == text);
  }
}

}  // namespace responses_proxy
