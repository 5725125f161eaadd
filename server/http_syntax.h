// The small pieces of HTTP/1.1 syntax (RFC 9110 section 5.6, RFC 9112), taken strictly: what two
// readers could understand differently is not accepted.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "responses_proxy/error.h"
#include "responses_proxy/headers.h"

namespace responses_proxy {

// A line "name: value" without its CRLF; the value without the blanks around it. None for a folded
// line, a blank before the colon, a control character in the value.
std::optional<Header> parse_field_line(std::string_view line);

// host [":" port] as in Host: a name, an IPv4 address or an IPv6 address in brackets. No user.
bool is_host(std::string_view text);

// "1*DIGIT", or a list of equal ones (RFC 9110 section 8.6); saturates. None for anything else.
std::optional<std::uint64_t> parse_content_length(std::string_view value);

// Calls `visit` with each item of a comma-separated list, without the blanks around it.
template <class Visit>
void for_each_item(std::string_view list, Visit visit) {
  constexpr std::string_view kBlanks = " \t";
  for (;;) {
    const std::size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    const std::size_t first = item.find_first_not_of(kBlanks);
    item = first == std::string_view::npos
               ? std::string_view()
               : item.substr(first, item.find_last_not_of(kBlanks) - first + 1);
    visit(item);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

// 400, "This is not an HTTP request: <why>."
Error malformed_request(std::string_view why);

}  // namespace responses_proxy
