#include "core/field_syntax.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

TEST_CASE("names and values of header fields are told from what would break a head") {
  for (const char* name : {"a", "X-Codex_1.2", "!#$%&'*+-.^_`|~"}) CHECK(is_field_name(name));
  for (const char* name : {"", "a b", "a:", "a\r", "\xc3\xa9", "(a)"})
    CHECK_FALSE(is_field_name(name));
  for (const char* value : {"", "a b", "a\tb", "\xc3\xa9"}) CHECK(is_field_value(value));
  for (const char* value : {"a\r\nb", "\n", "\x01", "\x7f"}) CHECK_FALSE(is_field_value(value));
  CHECK_FALSE(is_field_value(std::string_view("a\0b", 3)));
}

TEST_CASE("each byte is looked at, wherever it stands in a value") {
  for (int value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    const bool of_a_value = (value >= 0x20 && value != 0x7f) || byte == '\t';
    const bool in_line = byte != '\r' && byte != '\n' && byte != '\0';
    for (std::size_t at = 0; at < 40; ++at) {
      CAPTURE(value);
      CAPTURE(at);
      std::string text(40, '\x80');
      text[at] = byte;
      CHECK(is_field_value(text) == of_a_value);
      CHECK(is_in_one_line(text) == in_line);
    }
  }
}

}  // namespace responses_proxy
