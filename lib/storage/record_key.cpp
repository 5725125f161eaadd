#include "storage/record_key.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <cstring>

#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kIdMark = "req_";
constexpr std::size_t kTimeDigits = 12;
constexpr std::size_t kIdSize = kIdMark.size() + kTimeDigits + 16;

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 33U;
  value *= 0xFF51AFD7ED558CCDULL;
  value ^= value >> 33U;
  value *= 0xC4CEB9FE1A85EC53ULL;
  return value ^ (value >> 33U);
}

// The bytes in the order of a little-endian machine: hashes are kept in files that move.
std::uint64_t eight_bytes(const char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, count);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

}  // namespace

std::int64_t first_key_at_micros(std::int64_t micros) {
  return std::clamp(micros, -kLastMicros, kLastMicros) * kSlots;
}

std::int64_t first_key_at(WallTime time) {
  return first_key_at_micros(to_micros(time));
}

std::int64_t record_key(const RequestRecord& record) {
  const auto hash = static_cast<std::uint64_t>(text_hash(record.request_id));
  return first_key_at(record.created_at) + static_cast<std::int64_t>(hash % kSlots);
}

std::int64_t text_hash(std::string_view text) {
  if (text.empty()) return 0;
  std::uint64_t hash = 0x9E3779B97F4A7C15ULL ^ text.size();
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) hash = mix(hash ^ eight_bytes(text.data() + at, 8));
  if (at < text.size()) hash = mix(hash ^ eight_bytes(text.data() + at, text.size() - at));
  return std::bit_cast<std::int64_t>(hash == 0 ? 1 : hash);
}

std::optional<WallTime> time_in_id(std::string_view request_id) {
  if (request_id.size() != kIdSize || !request_id.starts_with(kIdMark)) return std::nullopt;
  std::int64_t millis = 0;
  const char* const begin = request_id.data() + kIdMark.size();
  const auto [end, problem] = std::from_chars(begin, begin + kTimeDigits, millis, 16);
  if (problem != std::errc() || end != begin + kTimeDigits) return std::nullopt;
  return from_micros(std::int64_t{1'000} * millis);
}

bool id_has_time(const RequestRecord& record) {
  const auto time = time_in_id(record.request_id);
  return time && *time == std::chrono::floor<std::chrono::milliseconds>(record.created_at);
}

}  // namespace responses_proxy
