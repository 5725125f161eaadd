#include "core/field_syntax.h"

#include <doctest/doctest.h>

namespace responses_proxy {

TEST_CASE("names and values of header fields are told from what would break a head") {
  for (const char* name : {"a", "X-Codex_1.2", "!#$%&'*+-.^_`|~"}) CHECK(is_field_name(name));
  for (const char* name : {"", "a b", "a:", "a\r", "\xc3\xa9", "(a)"})
    CHECK_FALSE(is_field_name(name));
  for (const char* value : {"", "a b", "a\tb", "\xc3\xa9"}) CHECK(is_field_value(value));
  for (const char* value : {"a\r\nb", "\n", "\x01", "\x7f"}) CHECK_FALSE(is_field_value(value));
  CHECK_FALSE(is_field_value(std::string_view("a\0b", 3)));
}

}  // namespace responses_proxy
