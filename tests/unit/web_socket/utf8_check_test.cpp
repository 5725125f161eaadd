#include "web_socket/utf8_check.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

namespace {

bool is_utf8(std::string_view text, std::size_t cut) {
  Utf8Check check;
  return check.take(text.substr(0, cut)) && check.take(text.substr(cut)) && check.complete();
}

}  // namespace

TEST_CASE("texts that are UTF-8, and are not, wherever they are cut") {
  for (const std::string text : {"", "a", "abc", "\xc3\xa4", "a\xe2\x82\xac z", "\xf0\x9f\x98\x80",
                                 "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xee\x80\x80"}) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) CHECK(is_utf8(text, cut));
  }
  for (const std::string text : {"\xff", "a\x80", "\xc0\xaf", "\xc3", "\xe2\x82", "\xe2\x82z",
                                 "\xf0\x9f\x98", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\xaf",
                                 "\xf5\x80\x80\x80", "\x80\x80\x80\x80", "\xc3\xc3\xa4"}) {
    CAPTURE(text.size());
    for (std::size_t cut = 0; cut <= text.size(); ++cut) CHECK_FALSE(is_utf8(text, cut));
  }
}

TEST_CASE("what cannot become a character is found before its end") {
  for (const char* begun : {"\xf4\x90", "\xed\xa0", "\xe0\x80", "\xc1", "\xf5", "\xf0\x80\x80"}) {
    CHECK_FALSE(Utf8Check().take(begun));
  }
  Utf8Check check;
  CHECK(check.take("\xed"));
  CHECK_FALSE(check.take("\xa0"));
}

}  // namespace responses_proxy
