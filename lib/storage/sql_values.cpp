#include "storage/sql_values.h"

#include <algorithm>

#include "core/utf8_text.h"
#include "responses_proxy/record_queries.h"

namespace responses_proxy {

std::string storable_text(std::string_view text) {
  if (is_storable(text)) return std::string(text);
  return utf8_text(text, RecordQuery::kMaxText);
}

std::string whole_text(std::string_view text) {
  return utf8_text(text, std::string_view::npos);
}

std::string_view StorableTexts::whole(const std::string& text) {
  if (text.empty()) return {};
  return copies_.emplace_back(whole_text(text));
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

}  // namespace responses_proxy
