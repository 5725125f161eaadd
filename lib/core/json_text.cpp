#include "core/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace responses_proxy {

namespace {

constexpr bool must_be_escaped(unsigned char byte) {
  return byte < 0x20 || byte == '"' || byte == '\\';
}

constexpr std::size_t kWord = sizeof(std::uint64_t);

constexpr std::uint64_t in_each_byte(std::uint64_t byte) {
  return byte * 0x0101010101010101U;
}

// Whether none of the kWord bytes at `text` must be escaped.
bool stands_as_it_is(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, kWord);
  const auto has_zero = [](std::uint64_t bytes) { return (bytes - in_each_byte(1)) & ~bytes; };
  const std::uint64_t found = ((word - in_each_byte(0x20)) & ~word) |
                              has_zero(word ^ in_each_byte('"')) |
                              has_zero(word ^ in_each_byte('\\'));
  return (found & in_each_byte(0x80)) == 0;
}

void append_escape(std::string& out, char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '\\';
  switch (byte) {
    case '"':
    case '\\':
      out += byte;
      return;
    case '\n':
      out += 'n';
      return;
    case '\r':
      out += 'r';
      return;
    case '\t':
      out += 't';
      return;
    default: {
      const auto code = static_cast<unsigned char>(byte);
      out.append("u00").append(1, kHex[code >> 4U]).append(1, kHex[code & 0xFU]);
    }
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  std::size_t begin = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(at + kWord, text.size());
    if (end - at == kWord && stands_as_it_is(text.data() + at)) {
      at = end;
      continue;
    }
    for (; at < end; ++at) {
      if (!must_be_escaped(static_cast<unsigned char>(text[at]))) continue;
      out.append(text, begin, at - begin);
      append_escape(out, text[at]);
      begin = at + 1;
    }
  }
  out.append(text, begin);
}

JsonText& JsonText::key(std::string_view key) {
  text(key);
  out_ += ':';
  return *this;
}

JsonText& JsonText::text(std::string_view text) {
  separate();
  out_ += '"';
  append_escaped(out_, text);
  out_ += '"';
  return *this;
}

JsonText& JsonText::number(std::int64_t number) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  return raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

JsonText& JsonText::raw(std::string_view json) {
  if (json.empty()) return *this;
  separate();
  out_.append(json);
  return *this;
}

// A whole value ends in none of these.
void JsonText::separate() {
  const char last = out_.empty() ? '[' : out_.back();
  if (last != '[' && last != '{' && last != ':' && last != ',') out_ += ',';
}

JsonText& JsonText::open(char bracket) {
  separate();
  out_ += bracket;
  return *this;
}

JsonText& JsonText::close(char bracket) {
  out_ += bracket;
  return *this;
}

}  // namespace responses_proxy
