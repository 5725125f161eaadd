#include "storage/sql_values.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

namespace responses_proxy {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// How many bytes the character at the front of `text` has; 0 = it is not valid UTF-8, or NUL.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead == 0) return 0;
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length > text.size() || !simdjson::validate_utf8(text.data(), length)) return 0;
  return length;
}

template <class Enum, std::size_t Count>
Enum parse_word(std::string_view word, const std::array<Enum, Count>& values) {
  for (const Enum value : values) {
    if (to_string(value) == word) return value;
  }
  throw StorageError(fmt::format("The database has a word this program does not know: {}", word));
}

}  // namespace

std::string storable_text(std::string_view text) {
  if (text.size() <= RecordQuery::kMaxText && text.find('\0') == std::string_view::npos &&
      simdjson::validate_utf8(text.data(), text.size())) {
    return std::string(text);
  }
  std::string kept;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view character = length == 0 ? kReplacement : text.substr(0, length);
    if (kept.size() + character.size() > RecordQuery::kMaxText) break;
    kept += character;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return kept;
}

std::int64_t to_micros(WallTime time) {
  return std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch()).count();
}

WallTime from_micros(std::int64_t micros) {
  // Beyond this the clock's own unit overflows.
  constexpr auto kMost =
      std::chrono::duration_cast<std::chrono::microseconds>(WallTime::duration::max()).count();
  return WallTime(std::chrono::microseconds(std::clamp(micros, -kMost, kMost)));
}

Blame parse_blame(std::string_view word) {
  return parse_word(
      word, std::array{Blame::none, Blame::client, Blame::resource, Blame::provider, Blame::proxy});
}

SelectionReason parse_selection_reason(std::string_view word) {
  return parse_word(
      word, std::array{SelectionReason::response_affinity, SelectionReason::session_affinity,
                       SelectionReason::weighted_least_connections, SelectionReason::failover});
}

}  // namespace responses_proxy
