// Ids as clients and services make them: one says nothing about the next, so that what is kept by
// them is touched all over, as in use. The same number gives the same id in every run.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace relay_bench {

// splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
constexpr std::uint64_t scattered(std::uint64_t number) {
  std::uint64_t bits = number * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

// 48 hexadecimal digits, as behind "resp_" and "msg_".
inline std::string long_id(std::uint64_t number) {
  return fmt::format("{:016x}{:016x}{:016x}", scattered(number), scattered(~number), number);
}

inline std::string uuid(std::string_view run, std::uint64_t number) {
  const std::uint64_t high = scattered(number ^ std::hash<std::string_view>()(run));
  const std::uint64_t low = scattered(high);
  return fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                     high & 0xFFF, low >> 52, low & 0xFFFF'FFFF'FFFF);
}

}  // namespace relay_bench
