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

std::string own_item_id(std::string_view prefix, std::string_view response_id, std::size_t index) {
  if (response_id.starts_with(kPrefix)) response_id.remove_prefix(kPrefix.size());
  return fmt::format("{}_{}{:04x}", prefix, response_id, index);
}

std::string own_response_of(std::string_view item_id) {
  const std::size_t from = item_id.find('_');
  if (from == std::string_view::npos || item_id.size() <= from + 1 + kDigits) return {};
  std::string id(kPrefix);
  id.append(item_id.substr(from + 1, kDigits));
  return is_own_response_id(id) ? id : std::string();
}

}  // namespace responses_proxy
