#include "core/json_cursor.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace responses_proxy {

namespace {

// Compilers make vector instructions of it, whichever the machine has; only how to find the first
// byte that is set differs too much.
using Block = std::uint8_t __attribute__((vector_size(16)));

bool stops_string(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

// Of 16 bytes of a string, those that are not just bytes of it are not zero.
Block stops_in(const char* at) {
  Block block;
  std::memcpy(&block, at, sizeof block);
  const auto stops = (block == '"') | (block == '\\') | (block < 0x20);
  return (Block)stops;
}

// Where the first of them stands; sizeof(Block): nowhere.
std::size_t first_set(const Block& stops) {
#ifdef __SSE2__
  const auto bits = static_cast<unsigned>(_mm_movemask_epi8(reinterpret_cast<__m128i>(stops)));
  return bits == 0 ? sizeof(Block) : static_cast<std::size_t>(std::countr_zero(bits));
#else
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&stops);
  std::size_t at = 0;
  while (at < sizeof(Block) && bytes[at] == 0) ++at;
  return at;
#endif
}

bool all_plain(const char* four_blocks) {
  Block stops = stops_in(four_blocks);
  for (std::size_t i = 1; i < 4; ++i) stops |= stops_in(four_blocks + i * sizeof(Block));
  return first_set(stops) == sizeof(Block);
}

// The first byte of a string's content that is not just a byte of it. Most strings are short: only
// what is four blocks long is taken for one that goes on.
const char* end_of_plain(const char* at, const char* end) {
  constexpr std::ptrdiff_t kBlock = sizeof(Block);
  const char* const begin = at;
  while (end - at >= kBlock) {
    const std::size_t plain = first_set(stops_in(at));
    at += plain;
    if (plain < sizeof(Block)) return at;
    if (at - begin != 4 * kBlock) continue;
    while (end - at >= 4 * kBlock && all_plain(at)) at += 4 * kBlock;
  }
  while (at < end && !stops_string(*at)) ++at;
  return at;
}

// What a scalar ends at, and what a container is made of. A backslash has no place in either.
constexpr auto kEndsScalar = [] {
  std::array<bool, 256> ends{};
  for (const char c : {' ', '\n', '\r', '\t', ',', ':', '"', '{', '}', '[', ']', '\\'}) {
    ends[static_cast<unsigned char>(c)] = true;
  }
  return ends;
}();
constexpr auto kNests = [] {
  std::array<bool, 256> nests{};
  for (const char c : {'"', '{', '}', '[', ']', '\\'}) nests[static_cast<unsigned char>(c)] = true;
  return nests;
}();

bool is_one_of(const std::array<bool, 256>& bytes, char c) {
  return bytes[static_cast<unsigned char>(c)];
}

}  // namespace

std::string_view JsonCursor::take_string() {
  if (next() != '"') return {};
  const char* const begin = at_;
  return skip_string() ? since(begin) : std::string_view();
}

std::string_view JsonCursor::take_value() {
  const char first = next();
  const char* const begin = at_;
  const bool taken = first == '"'                   ? skip_string()
                     : first == '{' || first == '[' ? skip_container()
                                                    : skip_scalar();
  return taken ? since(begin) : std::string_view();
}

bool JsonCursor::skip_string() {
  const char* at = at_ + 1;
  escaped_ = false;
  for (;;) {
    at = end_of_plain(at, end_);
    if (at == end_) return false;
    if (*at == '"') break;
    if (*at != '\\' || end_ - at < 2) return false;
    escaped_ = true;
    at += 2;
  }
  at_ = at + 1;
  return true;
}

bool JsonCursor::skip_container() {
  std::size_t depth = 0;
  do {
    while (at_ < end_ && !is_one_of(kNests, *at_)) ++at_;
    if (at_ == end_ || *at_ == '\\') return false;
    if (*at_ == '"') {
      if (!skip_string()) return false;
      continue;
    }
    depth = *at_ == '{' || *at_ == '[' ? depth + 1 : depth - 1;
    ++at_;
  } while (depth > 0);
  return true;
}

bool JsonCursor::skip_scalar() {
  const char* const begin = at_;
  while (at_ < end_ && !is_one_of(kEndsScalar, *at_)) ++at_;
  return at_ != begin;
}

bool unescape(std::string_view string, std::string& content) {
  Json read = Json::parse(string, nullptr, false);
  if (!read.is_string()) return false;
  content = std::move(read.get_ref<std::string&>());
  return true;
}

}  // namespace responses_proxy
