// Text to values, strictly: what is not wholly understood is refused, never guessed.
//
// Ownership  Pure functions; views point into the argument.
// Errors     std::nullopt or false; the caller knows the variable and words the message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace responses_proxy::config {

inline constexpr std::size_t kMaxIdentifierLength = 128;
inline constexpr std::size_t kMaxTextLength = 4096;

std::string_view trim(std::string_view text);
// Comma-separated, each item trimmed; empty items are kept: positions may matter.
std::vector<std::string_view> split_list(std::string_view text);

std::optional<bool> parse_boolean(std::string_view text);
std::optional<std::int64_t> parse_integer(std::string_view text);
// Finite, plain notation: "600", "0.5", "-1"; no exponent.
std::optional<double> parse_decimal(std::string_view text);
// Seconds with decimals, kept to the millisecond and never rounded down to zero.
std::optional<std::int64_t> parse_seconds(std::string_view text);
// The shortest text that parse_seconds reads as the same duration.
std::string format_seconds(std::int64_t millis);

// 1 to 128 of A-Z a-z 0-9 . _ : / -, so that it can stand in a header, a log line or a Redis key.
bool is_identifier(std::string_view text);
// A name that can stand in a path: "/" splits it, and no part is empty, . or ..
bool is_in_paths(std::string_view name);
// 1 to 4096 printable ASCII characters without blanks or commas: safe as a header value.
bool is_token(std::string_view text);
// An IPv4 or IPv6 address (without brackets) or a DNS name.
bool is_host(std::string_view text);
bool is_loopback(std::string_view host);
// All addresses of the machine: 0.0.0.0 or ::.
bool is_any_address(std::string_view host);
bool has_control_character(std::string_view text);

// What was copied together with the value and is not part of it: quotes (docker --env-file keeps
// them), a variable that no shell has put its value for. The end of a sentence with the remedy; ""
// = nothing.
std::string copying_problem(std::string_view text);
// "30s", "10 MB", "1_000"
bool has_unit(std::string_view text);

struct HostPort {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};
// "127.0.0.1:9000", "[::1]:9000".
std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace responses_proxy::config
