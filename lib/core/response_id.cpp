#include "core/response_id.h"

#include <fmt/format.h>

#include <algorithm>

namespace responses_proxy {

namespace {

constexpr std::string_view kPrefix = "resp_";
constexpr std::size_t kDigits = 32;

}  // namespace

std::string new_response_id(Random& random) {
  const std::uint64_t first = random.next();
  return fmt::format("{}{:016x}{:016x}", kPrefix, first, random.next());
}

bool is_own_response_id(std::string_view id) {
  if (id.size() != kPrefix.size() + kDigits || !id.starts_with(kPrefix)) return false;
  id.remove_prefix(kPrefix.size());
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace responses_proxy
