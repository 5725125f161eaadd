#include "core/lone_surrogates.h"

#include <charconv>
#include <optional>

namespace responses_proxy {

namespace {

constexpr std::size_t kEscape = 6;  // \uXXXX

// The code of the escape `\uXXXX` at the beginning of `text`.
std::optional<unsigned> code_at(std::string_view text) {
  if (text.size() < kEscape || !text.starts_with("\\u")) return std::nullopt;
  unsigned code = 0;
  const char* const end = text.data() + kEscape;
  const auto [behind, error] = std::from_chars(text.data() + 2, end, code, 16);
  return error == std::errc{} && behind == end ? std::optional(code) : std::nullopt;
}

bool is_first_half(unsigned code) {
  return code >= 0xD800 && code < 0xDC00;
}
bool is_second_half(unsigned code) {
  return code >= 0xDC00 && code < 0xE000;
}

}  // namespace

std::string without_lone_surrogates(std::string_view json) {
  std::string whole;
  whole.reserve(json.size());
  while (!json.empty()) {
    const std::size_t slash = std::min(json.find('\\'), json.size());
    whole.append(json.substr(0, slash));
    json.remove_prefix(slash);
    std::size_t taken = std::min<std::size_t>(2, json.size());
    if (const auto code = code_at(json)) {
      taken = kEscape;
      const auto next = is_first_half(*code) ? code_at(json.substr(kEscape)) : std::nullopt;
      const bool pair = next && is_second_half(*next);
      if (pair) taken = 2 * kEscape;
      if (!pair && *code >= 0xD800 && *code < 0xE000) {
        whole.append("\\ufffd");
        json.remove_prefix(kEscape);
        continue;
      }
    }
    whole.append(json.substr(0, taken));
    json.remove_prefix(taken);
  }
  return whole;
}

}  // namespace responses_proxy
