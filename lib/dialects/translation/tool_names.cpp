#include "dialects/translation/tool_names.h"

#include <algorithm>

#include "core/sha256.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kSeparator = "__";
constexpr std::size_t kDigits = 8;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// One name for both: no client's name has a NUL.
std::string key_of(std::string_view name, std::string_view name_space) {
  return std::string(name_space).append(1, '\0').append(name);
}

std::string flat_name(std::string_view name, std::string_view name_space) {
  if (name_space.empty()) return std::string(name);
  const std::string prefix = std::string(name_space).append(kSeparator);
  if (name.starts_with(prefix)) return std::string(name);
  // Codex's own namespaces end in the separator sometimes.
  if (name_space.ends_with(kSeparator)) return std::string(name_space).append(name);
  return prefix + std::string(name);
}

// The beginning of the name, and digits that stand for all of it.
std::string hashed_name(std::string_view name, std::string_view name_space) {
  std::string flat = flat_name(name, name_space);
  std::replace_if(
      flat.begin(), flat.end(), [](char c) { return !is_plain(c); }, '_');
  flat.resize(std::min(flat.size(), ToolNames::kMaxWireName - kDigits - 1));
  return flat + "_" + sha256_hex(key_of(name, name_space)).substr(0, kDigits);
}

bool fits(std::string_view name) {
  return !name.empty() && name.size() <= ToolNames::kMaxWireName &&
         std::all_of(name.begin(), name.end(), is_plain);
}

}  // namespace

std::size_t ToolNames::add(ToolKind kind, std::string_view name, std::string_view name_space) {
  const auto [known, is_new] = by_name_.try_emplace(key_of(name, name_space), names_.size());
  if (!is_new) return known->second;
  std::string wire = flat_name(name, name_space);
  if (!fits(wire) || by_wire_.contains(wire)) wire = hashed_name(name, name_space);
  by_wire_.emplace(wire, names_.size());
  names_.push_back({kind, std::string(name), std::string(name_space), std::move(wire)});
  return known->second;
}

std::size_t ToolNames::find(std::string_view name, std::string_view name_space) const {
  const auto found = by_name_.find(key_of(name, name_space));
  return found == by_name_.end() ? kNone : found->second;
}

const ToolName* ToolNames::by_wire(std::string_view wire) const {
  const auto found = by_wire_.find(std::string(wire));
  return found == by_wire_.end() ? nullptr : &names_[found->second];
}

std::string ToolNames::wire_name(std::string_view name, std::string_view name_space) const {
  if (const std::size_t known = find(name, name_space); known != kNone) return names_[known].wire;
  const std::string flat = flat_name(name, name_space);
  return fits(flat) ? flat : hashed_name(name, name_space);
}

}  // namespace responses_proxy
