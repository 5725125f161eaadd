#include "dialects/anthropic_messages/anthropic_call_ids.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace responses_proxy {

namespace {

constexpr std::string_view kMark = "rp";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool may_stand(std::string_view id) {
  return !id.empty() && !id.starts_with(kMark) &&
         std::all_of(id.begin(), id.end(), [](char c) { return is_plain(c) || c == '-'; });
}

std::string written_out(std::string_view id) {
  std::string text;
  for (const char c : id) {
    if (is_plain(c)) {
      text += c;
    } else {
      text += fmt::format("-{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

}  // namespace

std::string AnthropicCallIds::next(std::string_view id) {
  const std::size_t times = ++used_[id];
  if (times > 1) return fmt::format("{}{}-{}", kMark, times, written_out(id));
  return may_stand(id) ? std::string(id) : fmt::format("{}-{}", kMark, written_out(id));
}

std::string original_call_id(std::string_view id) {
  const std::size_t dash = id.find_first_not_of("0123456789", kMark.size());
  const bool written_here =
      id.starts_with(kMark) && dash != std::string_view::npos && id[dash] == '-';
  if (!written_here) return std::string(id);
  std::string original;
  for (std::size_t at = dash + 1; at < id.size(); ++at) {
    if (id[at] != '-') {
      original += id[at];
      continue;
    }
    unsigned char byte = 0;
    const std::string_view digits = id.substr(at + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    const bool read = error == std::errc{} && digits.size() == 2 && end == digits.data() + 2;
    if (!read) return std::string(id);
    original += static_cast<char>(byte);
    at += digits.size();
  }
  return original;
}

}  // namespace responses_proxy
