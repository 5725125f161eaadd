#include "server/http_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>

#include "core/field_syntax.h"

namespace responses_proxy {

namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_port(std::string_view text) {
  return is_digits(text) && text.size() <= 5 && std::stoi(std::string(text)) <= 65535;
}

bool is_ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
  });
}

std::uint64_t saturated_number(std::string_view digits) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (kMax - digit) / 10) return kMax;
    number = number * 10 + digit;
  }
  return number;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

std::optional<Header> parse_field_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = line.substr(0, colon);
  const FieldId id = field_id(name);
  const bool named = id != FieldId::other || is_field_name(name);  // what has an id has a name
  std::string_view value = line.substr(colon + 1);
  if (!named || !is_field_value(value)) return std::nullopt;
  while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
  return Header(name, value, id);
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1))) return false;
    text.remove_prefix(end + 1);
    return text.empty() || (text.front() == ':' && is_port(text.substr(1)));
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  return is_name(text.substr(0, colon));
}

std::optional<std::uint64_t> parse_content_length(std::string_view value) {
  std::optional<std::uint64_t> length;
  bool valid = true;
  for_each_item(value, [&](std::string_view item) {
    valid = valid && is_digits(item);
    if (!valid) return;
    const std::uint64_t number = saturated_number(item);
    valid = length.value_or(number) == number;
    length = number;
  });
  return valid ? length : std::nullopt;
}

Error malformed_request(std::string_view why) {
  return Error::invalid_request("malformed_request",
                                fmt::format("This is not an HTTP request: {}.", why));
}

}  // namespace responses_proxy
