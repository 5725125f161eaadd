#include "server/http_syntax.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

namespace responses_proxy {

TEST_CASE("field lines") {
  struct {
    std::string line;
    std::string name;
    std::string value;
  } const good[] = {
      {"Host: x", "Host", "x"},
      {"a:", "a", ""},
      {"a: \t ", "a", ""},
      {"a:b", "a", "b"},
      {"X-A:\t b c \t", "X-A", "b c"},
      {"!#$%&'*+-.^_`|~09: ok", "!#$%&'*+-.^_`|~09", "ok"},
      {"a: b: c", "a", "b: c"},
      {"a: \xc3\xa4", "a", "\xc3\xa4"},
  };
  for (const auto& row : good) {
    CAPTURE(row.line);
    const auto field = parse_field_line(row.line);
    REQUIRE(field);
    CHECK(field->name == row.name);
    CHECK(field->value == row.value);
  }
  using namespace std::string_literals;
  for (const std::string& bad :
       {"no colon"s, ": no name"s, "a : b"s, "a\t: b"s, " a: b"s, "\ta: b"s, "a b: c"s, "a: b\rc"s,
        "a: b\0c"s, "a: b\nc"s, "a: \x01"s, "a: \x7f"s, "\xc3\xa4: b"s, "a(b): c"s, ""s}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_field_line(bad));
  }
}

TEST_CASE("hosts") {
  for (const char* good : {"x", "localhost:8000", "a.b-c.example", "127.0.0.1", "[::1]", "[::1]:80",
                           "x:0", "x:65535", "a_b", "proxy.example."}) {
    CAPTURE(good);
    CHECK(is_host(good));
  }
  for (const char* bad :
       {"",      " ",      "a b",    "a@b", "u:p@b", "a:b",  "a:",       "a:65536",
        "a:1:2", ":80",    "a,b",    "a/b", "a?b",   "a#b",  "[",        "[]",
        "[::1",  "[::1]x", "[::1]:", "[x]", "::1",   "a\tb", "http://a", "a%20b"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_host(bad));
  }
}

TEST_CASE("content lengths") {
  CHECK(parse_content_length("0") == 0);
  CHECK(parse_content_length("0042") == 42);
  CHECK(parse_content_length("5, 5") == 5);
  CHECK(parse_content_length("99999999999999999999999999") ==
        std::numeric_limits<std::uint64_t>::max());
  for (const char* bad : {"", " ", "+5", "-5", "5x", "0x5", "5 5", "5,6", "5,", ",5", "5;5", "5.0",
                          "1e3", "\xd9\xa5"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_content_length(bad));
  }
}

TEST_CASE("list items") {
  std::vector<std::string> items;
  for_each_item(" a ,,\tb\t, c d", [&](std::string_view item) { items.emplace_back(item); });
  CHECK(items == std::vector<std::string>{"a", "", "b", "c d"});
}

}  // namespace responses_proxy
