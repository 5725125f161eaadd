#include "core/field_syntax.h"

#include <array>
#include <cstddef>

#include "core/byte_block.h"

namespace responses_proxy {

namespace {

using Bytes = std::array<bool, 256>;

template <class Is>
constexpr Bytes all_that(Is is) {
  Bytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = is(static_cast<char>(i));
  return bytes;
}

constexpr Bytes kTokenBytes = all_that([](char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
});

constexpr Bytes kValueBytes = all_that([](char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
});

constexpr Bytes kBytesInLine = all_that([](char c) { return c != '\r' && c != '\n' && c != '\0'; });

ByteBlock not_of_a_value(const ByteBlock& block) {
  return (ByteBlock)(((block < 0x20) & (block != '\t')) | (block == 0x7f));
}

ByteBlock ends_of_line(const ByteBlock& block) {
  return (ByteBlock)((block == '\r') | (block == '\n') | (block == 0));
}

bool consists_of(const Bytes& allowed, std::string_view text) {
  for (const char c : text) {
    if (!allowed[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

// The same, of blocks as long as there are whole ones.
template <class Others>
bool consists_of(const Bytes& allowed, std::string_view text, Others&& others) {
  while (text.size() >= sizeof(ByteBlock)) {
    if (first_set(others(block_at(text.data()))) < sizeof(ByteBlock)) return false;
    text.remove_prefix(sizeof(ByteBlock));
  }
  return consists_of(allowed, text);
}

}  // namespace

bool is_field_name(std::string_view text) {
  return !text.empty() && consists_of(kTokenBytes, text);
}

bool is_field_value(std::string_view text) {
  return consists_of(kValueBytes, text, not_of_a_value);
}

bool is_in_one_line(std::string_view text) {
  return consists_of(kBytesInLine, text, ends_of_line);
}

}  // namespace responses_proxy
