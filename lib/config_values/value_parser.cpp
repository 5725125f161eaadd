#include "config_values/value_parser.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "core/ascii_case.h"

namespace responses_proxy::config {
namespace {

constexpr std::string_view kBlank = " \t\r\n\v\f";

// std::isalnum and its kin depend on the locale.
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_alphanumeric(char c) {
  return is_digit(c) || is_letter(c);
}

bool is_ip_address(std::string_view text, int family) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(family, std::string(text).c_str(), address) == 1;
}

bool is_dns_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

// "PROXY_PORT"
bool is_name(std::string_view text) {
  return !text.empty() && !is_digit(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_'; });
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> items;
  for (std::size_t begin = 0;;) {
    const auto end = text.find(',', begin);
    if (end == std::string_view::npos) {
      items.push_back(trim(text.substr(begin)));
      return items;
    }
    items.push_back(trim(text.substr(begin, end - begin)));
    begin = end + 1;
  }
}

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string word = ascii_lower(text);
  if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "0" || word == "no" || word == "off") return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_decimal(std::string_view text) {
  // from_chars also takes "inf" and "nan".
  if (!std::all_of(text.begin(), text.end(),
                   [](char c) { return is_digit(c) || c == '.' || c == '-'; })) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  const auto seconds = parse_decimal(text);
  constexpr double kLargest = 1e12;  // far beyond every range, well within 64 bits
  if (!seconds || std::abs(*seconds) > kLargest) return std::nullopt;
  const auto millis = static_cast<std::int64_t>(std::llround(*seconds * 1000));
  // Zero often means "off": a positive value must not turn into it.
  return millis == 0 && *seconds > 0 ? 1 : millis;
}

std::string format_seconds(std::int64_t millis) {
  std::string text = fmt::format("{}.{:03}", millis / 1000, millis % 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

bool is_identifier(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdentifierLength &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_alphanumeric(c) || std::string_view("._:/-").find(c) != std::string_view::npos;
         });
}

bool is_in_paths(std::string_view name) {
  const std::string path = fmt::format("/{}/", name);
  return path.find("//") == std::string::npos && path.find("/./") == std::string::npos &&
         path.find("/../") == std::string::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTextLength &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != ','; });
}

bool is_host(std::string_view text) {
  if (text.empty() || text.size() > 253 || has_control_character(text)) return false;
  if (is_ip_address(text, AF_INET) || is_ip_address(text, AF_INET6)) return true;
  // "127.0.0.256" is a mistyped address, not a name.
  if (std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; })) {
    return false;
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('.', begin), text.size());
    if (!is_dns_label(text.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

bool is_loopback(std::string_view host) {
  return ascii_lower(host) == "localhost" || host == "::1" ||
         (host.starts_with("127.") && is_ip_address(host, AF_INET));
}

bool is_any_address(std::string_view host) {
  return host == "0.0.0.0" || host == "::";
}

std::string copying_problem(std::string_view text) {
  for (const std::string_view quote :
       {"\"", "'", "`", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x98", "\xe2\x80\x99"}) {
    if (text.starts_with(quote) || text.ends_with(quote)) {
      return "has quotes around it: leave them out (docker --env-file keeps them in the value)";
    }
  }
  if (text.starts_with("${") || text.starts_with("$(") ||
      (text.starts_with('$') && is_name(text.substr(1)))) {
    return "names a variable in place of its value: no shell has filled it in";
  }
  return {};
}

bool has_unit(std::string_view text) {
  const auto number_end = text.find_first_not_of("0123456789.");
  if (number_end == 0 || number_end == std::string_view::npos) return false;
  // "30s", "5 MiB"; not "0x10", "1,2" or "1e3".
  const std::string_view unit = trim(text.substr(number_end));
  return std::all_of(unit.begin(), unit.end(), [](char c) { return is_letter(c) || c == '%'; });
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const auto port = parse_integer(text.substr(colon + 1));
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!is_ip_address(host, AF_INET6)) return std::nullopt;
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // an IPv6 address without brackets: where it ends would be a guess
  }
  if (!is_host(host) || !port || *port < 0 || *port > 65535) return std::nullopt;
  return HostPort{std::string(host), static_cast<std::uint16_t>(*port)};
}

}  // namespace responses_proxy::config
