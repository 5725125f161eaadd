// A number at the end of a text, without a formatter: for what every message has.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>

namespace responses_proxy {

// With zeros before it where it has fewer digits than `width`.
inline void append_number(std::string& to, std::uint64_t number, int base = 10,
                          std::size_t width = 0) {
  std::array<char, 20> digits{};  // of the largest decimal one; base 16 takes less
  char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  to.append(width - std::min(width, size), '0').append(digits.data(), size);
}

}  // namespace responses_proxy
