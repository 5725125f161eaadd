#include "core/json_cursor.h"

#include <array>
#include <utility>

#include "core/json.h"

namespace responses_proxy {

namespace {

bool stops_string(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

// The first byte of a string's content that is not just a byte of it. Most strings are short: only
// what is four blocks long is taken for one that goes on.
const char* end_of_plain(const char* at, const char* end) {
  constexpr std::ptrdiff_t kBlock = sizeof(ByteBlock);
  const char* const begin = at;
  while (end - at >= kBlock) {
    const std::size_t plain = first_set(stops_in(at));
    at += plain;
    if (plain < sizeof(ByteBlock)) return at;
    if (at - begin == 4 * kBlock) at = pass_plain(at, end);
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

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

char JsonCursor::next_behind_blanks() {
  while (at_ < end_ && is_blank(*at_)) ++at_;
  return at_ < end_ ? *at_ : '\0';
}

std::string_view JsonCursor::take_value() {
  next();
  const char* const begin = at_;
  return pass_value() ? since(begin) : std::string_view();
}

bool JsonCursor::skip_long_string() {
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
    const char* at = at_;
    while (at < end_ && !is_one_of(kNests, *at)) ++at;
    at_ = at;
    if (at == end_ || *at == '\\') return false;
    if (*at == '"') {
      if (!skip_string()) return false;
      continue;
    }
    depth = *at == '{' || *at == '[' ? depth + 1 : depth - 1;
    ++at_;
  } while (depth > 0);
  return true;
}

bool JsonCursor::skip_scalar() {
  const char* at = at_;
  while (at < end_ && !is_one_of(kEndsScalar, *at)) ++at;
  return std::exchange(at_, at) != at;
}

bool unescape(std::string_view string, std::string& content) {
  Json read = Json::parse(string, nullptr, false);
  if (!read.is_string()) return false;
  content = std::move(read.get_ref<std::string&>());
  return true;
}

}  // namespace responses_proxy
