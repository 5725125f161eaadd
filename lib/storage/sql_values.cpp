#include "storage/sql_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/utf8_text.h"

namespace responses_proxy {

namespace {

template <class Enum, std::size_t Count>
Enum parse_word(std::string_view word, const std::array<Enum, Count>& values) {
  for (const Enum value : values) {
    if (to_string(value) == word) return value;
  }
  throw StorageError(fmt::format("The database has a word this program does not know: {}", word));
}

}  // namespace

std::string storable_text(std::string_view text) {
  return utf8_text(text, RecordQuery::kMaxText);
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
