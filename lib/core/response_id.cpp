#include "core/response_id.h"

#include <fmt/format.h>

#include <algorithm>

namespace responses_proxy {

namespace {

constexpr std::string_view kPrefix = "resp_";
constexpr std::string_view kConversationPrefix = "conv_";
constexpr std::size_t kDigits = 32;

std::string new_id(std::string_view prefix, Random& random) {
  const std::uint64_t first = random.next();
  return fmt::format("{}{:016x}{:016x}", prefix, first, random.next());
}

bool is_own_id(std::string_view prefix, std::string_view id) {
  if (id.size() != prefix.size() + kDigits || !id.starts_with(prefix)) return false;
  id.remove_prefix(prefix.size());
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string new_response_id(Random& random) {
  return new_id(kPrefix, random);
}

bool is_own_response_id(std::string_view id) {
  return is_own_id(kPrefix, id);
}

std::string new_conversation_id(Random& random) {
  return new_id(kConversationPrefix, random);
}

bool is_own_conversation_id(std::string_view id) {
  return is_own_id(kConversationPrefix, id);
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
