#include "core/utf8_text.h"

#include <simdjson.h>

namespace responses_proxy {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// How many bytes the character at the front of `text` has; 0 = it is not valid UTF-8, or NUL.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length > text.size() || !simdjson::validate_utf8(text.data(), length)) return 0;
  return length;
}

// `text` without the character that `max_bytes` cuts through.
std::string_view cut(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  const auto inside = [text](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  std::size_t end = max_bytes;
  while (end > 0 && max_bytes - end < 3 && inside(end)) --end;
  return text.substr(0, inside(end) ? max_bytes : end);  // no character is that long
}

}  // namespace

std::string utf8_text(std::string_view text, std::size_t max_bytes) {
  const std::string_view most = cut(text, max_bytes);
  if (most.find('\0') == std::string_view::npos &&
      simdjson::validate_utf8(most.data(), most.size())) {
    return std::string(most);
  }
  std::string kept;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view character = length == 0 ? kReplacement : text.substr(0, length);
    if (kept.size() + character.size() > max_bytes) break;
    kept += character;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return kept;
}

void drop_byte_order_mark(std::string& text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.erase(0, kMark.size());
}

}  // namespace responses_proxy
