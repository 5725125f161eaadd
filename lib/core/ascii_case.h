// Case of ASCII letters, whatever the locale: what protocols mean by "case-insensitive".
#pragma once

#include <string>
#include <string_view>

namespace responses_proxy {

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string ascii_lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = ascii_lower(c);
  return lowered;
}

}  // namespace responses_proxy
