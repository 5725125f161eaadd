// SqlValue <-> the types of a record.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "responses_proxy/clock.h"
#include "responses_proxy/record_queries.h"
#include "responses_proxy/word.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

// The text as every database can hold it; see RecordQueries' limits.
std::string storable_text(std::string_view text);
// It is one already, as far as a look at its bytes says: no to some that are, to what is not ASCII.
inline bool is_storable(std::string_view text);
// The same, however long it is: for what is no field of a record.
std::string whole_text(std::string_view text);

// Texts as every database can hold them: those of a record, which most can be, or copies.
class StorableTexts {
 public:
  // As storable_text().
  std::string_view of(const std::string& text) {
    if (is_storable(text)) return text;
    return copies_.emplace_back(storable_text(text));
  }
  // As whole_text().
  std::string_view whole(const std::string& text);

 private:
  std::deque<std::string> copies_;
};

std::int64_t to_micros(WallTime time);
WallTime from_micros(std::int64_t micros);

// Of eight bytes from 1 to 127 none has its highest bit, nor has it when 1 is taken away; of any
// others, one of them has.
inline bool is_storable(std::string_view text) {
  constexpr std::size_t kEight = 8;
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  if (text.size() > RecordQuery::kMaxText) return false;
  std::uint64_t found = 0;
  const auto look_at = [&](std::size_t at, std::size_t count) {
    std::uint64_t bytes = kOnes;
    std::memcpy(&bytes, text.data() + at, count);
    found |= (bytes - kOnes) | bytes;
  };
  std::size_t at = 0;
  for (; at + kEight <= text.size(); at += kEight) look_at(at, kEight);
  if (text.size() >= kEight) {
    look_at(text.size() - kEight, kEight);
  } else {
    for (; at < text.size(); ++at) look_at(at, 1);
  }
  return (found & (kOnes << 7U)) == 0;
}

inline SqlValue to_sql(const std::string& text) {
  return storable_text(text);
}
inline SqlValue to_sql(bool flag) {
  return std::int64_t{flag ? 1 : 0};
}
inline SqlValue to_sql(int number) {
  return std::int64_t{number};
}
inline SqlValue to_sql(std::int64_t number) {
  return number;
}
inline SqlValue to_sql(WallTime time) {
  return to_micros(time);
}
inline SqlValue to_sql(std::chrono::microseconds duration) {
  return std::int64_t{duration.count()};
}
template <class Enum>
SqlValue to_sql(const Word<Enum>& word) {
  return storable_text(word.text());
}
template <class T>
SqlValue to_sql(const std::optional<T>& value) {
  return value ? to_sql(*value) : SqlValue();
}

inline void from_sql(const SqlRow& row, int column, std::string& text) {
  text = row.text(column);
}
inline void from_sql(const SqlRow& row, int column, bool& flag) {
  flag = row.integer(column) != 0;
}
inline void from_sql(const SqlRow& row, int column, int& number) {
  number = static_cast<int>(row.integer(column));
}
inline void from_sql(const SqlRow& row, int column, std::int64_t& number) {
  number = row.integer(column);
}
inline void from_sql(const SqlRow& row, int column, WallTime& time) {
  time = from_micros(row.integer(column));
}
inline void from_sql(const SqlRow& row, int column, std::chrono::microseconds& duration) {
  duration = std::chrono::microseconds(row.integer(column));
}
template <class Enum>
void from_sql(const SqlRow& row, int column, Word<Enum>& word) {
  word = Word<Enum>(row.text(column));
}
template <class T>
void from_sql(const SqlRow& row, int column, std::optional<T>& value) {
  value.reset();
  if (!row.is_null(column)) from_sql(row, column, value.emplace());
}

}  // namespace responses_proxy
