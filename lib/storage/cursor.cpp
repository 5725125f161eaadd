#include "storage/cursor.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "responses_proxy/record_queries.h"
#include "storage/record_key.h"
#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

[[noreturn]] void refuse() {
  throw InvalidCursor("The cursor is not one of this list's with these filters.");
}

template <class Number>
Number take_number(std::string_view& text) {
  Number number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (problem != std::errc() || length == text.size() || text[length] != '.') refuse();
  text.remove_prefix(length + 1);
  return number;
}

char take_byte(std::string_view& text) {
  unsigned byte = 0;
  const auto digits = text.substr(0, 2);
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
  if (problem != std::errc() || end != digits.data() + 2) refuse();
  text.remove_prefix(2);
  return static_cast<char>(byte);
}

// In a cursor's number, below the slot.
constexpr unsigned kAttemptBits = 20;
constexpr std::int64_t kMostAttempts = (std::int64_t{1} << kAttemptBits) - 1;

// The filters one after the other, so that no two sets of them have the same text.
class FilterText {
 public:
  explicit FilterText(std::string_view list) { add(std::optional(std::string(list))); }

  template <class T>
  void add(const std::optional<T>& filter) {
    const SqlValue value = to_sql(filter);
    if (const auto* text = std::get_if<std::string>(&value)) {
      text_ += fmt::format("{}:{}", text->size(), *text);
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      text_ += std::to_string(*number);
    }
    text_ += ';';
  }
  std::uint32_t checksum() const {
    const auto* bytes = reinterpret_cast<const Bytef*>(text_.data());
    return static_cast<std::uint32_t>(::crc32(0, bytes, static_cast<uInt>(text_.size())));
  }

 private:
  std::string text_;
};

}  // namespace

Cursor key_cursor(std::int64_t key, int attempt, std::string request_id) {
  const std::int64_t slot = key & (kSlots - 1);
  const std::int64_t number =
      (slot << kAttemptBits) | std::clamp<std::int64_t>(attempt, 0, kMostAttempts);
  return {(key - slot) / kSlots, static_cast<std::int32_t>(number), std::move(request_id)};
}

std::int64_t cursor_key(const Cursor& cursor) {
  return first_key_at_micros(cursor.time) + ((cursor.number >> kAttemptBits) & (kSlots - 1));
}

std::size_t attempts_left(const Cursor& cursor) {
  const std::int64_t attempt = cursor.number & kMostAttempts;
  return static_cast<std::size_t>(std::max<std::int64_t>(attempt - 1, 0));
}

std::uint32_t cursor_scope(std::string_view list, const RecordQuery& query) {
  FilterText filters(list);
  filters.add(query.session_id);
  filters.add(query.resource_id);
  filters.add(query.pool_id);
  filters.add(query.requested_pool_id);
  filters.add(query.model);
  filters.add(query.caller);
  filters.add(query.status);
  filters.add(query.status_class);
  filters.add(query.since);
  filters.add(query.until);
  return filters.checksum();
}

std::string encode_cursor(const Cursor& cursor, std::uint32_t scope) {
  std::string text = fmt::format("{:x}.{:x}.{:x}.", scope, cursor.time, cursor.number);
  for (const char byte : cursor.id) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

Cursor decode_cursor(std::string_view text, std::uint32_t scope) {
  if (take_number<std::uint32_t>(text) != scope) refuse();
  Cursor cursor;
  cursor.time = take_number<std::int64_t>(text);
  cursor.number = take_number<std::int32_t>(text);
  while (!text.empty()) cursor.id += take_byte(text);
  return cursor;
}

}  // namespace responses_proxy
