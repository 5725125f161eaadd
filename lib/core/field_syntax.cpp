#include "core/field_syntax.h"

#include <array>
#include <cstddef>

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

bool consists_of(const Bytes& allowed, std::string_view text) {
  for (const char c : text) {
    if (!allowed[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

}  // namespace

bool is_field_name(std::string_view text) {
  return !text.empty() && consists_of(kTokenBytes, text);
}

bool is_field_value(std::string_view text) {
  return consists_of(kValueBytes, text);
}

}  // namespace responses_proxy
