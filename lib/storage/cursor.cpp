#include "storage/cursor.h"

#include <fmt/format.h>

#include <charconv>

#include "storage/record_store.h"

namespace responses_proxy {

namespace {

std::int64_t take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (problem != std::errc() || length == text.size() || text[length] != '.') {
    throw InvalidCursor("The cursor is not one of this list's.");
  }
  text.remove_prefix(length + 1);
  return number;
}

char take_byte(std::string_view& text) {
  unsigned byte = 0;
  const auto digits = text.substr(0, 2);
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
  if (problem != std::errc() || end != digits.data() + 2) {
    throw InvalidCursor("The cursor is not one of this list's.");
  }
  text.remove_prefix(2);
  return static_cast<char>(byte);
}

}  // namespace

std::string encode_cursor(const Cursor& cursor) {
  std::string text = fmt::format("{:x}.{:x}.", cursor.time, cursor.number);
  for (const char byte : cursor.id) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

Cursor decode_cursor(std::string_view text) {
  Cursor cursor;
  cursor.time = take_number(text);
  cursor.number = take_number(text);
  while (!text.empty()) cursor.id += take_byte(text);
  return cursor;
}

}  // namespace responses_proxy
