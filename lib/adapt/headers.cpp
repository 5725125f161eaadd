#include "adapt/headers.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace responses_proxy {

namespace {

constexpr std::array<std::string_view, 8> kHopByHop = {
    "connection", "keep-alive", "proxy-connection",  "te",
    "trailer",    "upgrade",    "transfer-encoding", "proxy-authenticate"};
constexpr std::array<std::string_view, 9> kNeverSentUp = {
    "host",   "content-length", "authorization",   "x-api-key",          "api-key",
    "cookie", "expect",         "accept-encoding", "proxy-authorization"};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(), [name](std::string_view candidate) {
    return equals_ignore_case(name, candidate);
  });
}

bool starts_with_ignore_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equals_ignore_case(text.substr(0, prefix.size()), prefix);
}

// "Connection: close, X-Foo" makes X-Foo hop-by-hop, too.
bool named_in_connection(std::string_view name, std::string_view connection) {
  while (!connection.empty()) {
    const std::size_t comma = std::min(connection.find(','), connection.size());
    std::string_view token = connection.substr(0, comma);
    connection.remove_prefix(std::min(comma + 1, connection.size()));
    while (token.starts_with(' ')) token.remove_prefix(1);
    while (token.ends_with(' ')) token.remove_suffix(1);
    if (equals_ignore_case(name, token)) return true;
  }
  return false;
}

bool hop_by_hop(std::string_view name, std::string_view connection) {
  return is_one_of(name, kHopByHop) || named_in_connection(name, connection);
}

}  // namespace

Headers forwarded_request_headers(const Headers& from_client) {
  Headers forwarded;
  const std::string_view connection = from_client.get("connection");
  for (const Header& field : from_client) {
    if (hop_by_hop(field.name, connection) || is_one_of(field.name, kNeverSentUp) ||
        starts_with_ignore_case(field.name, "x-proxy-") ||
        equals_ignore_case(field.name, "x-pool-id")) {
      continue;
    }
    forwarded.add(field.name, field.value);
  }
  return forwarded;
}

Headers forwarded_response_headers(const Headers& from_upstream) {
  Headers forwarded;
  const std::string_view connection = from_upstream.get("connection");
  for (const Header& field : from_upstream) {
    if (hop_by_hop(field.name, connection) || equals_ignore_case(field.name, "content-length")) {
      continue;
    }
    const bool request_id = equals_ignore_case(field.name, "x-request-id");
    forwarded.add(request_id ? "x-upstream-request-id" : field.name, field.value);
  }
  return forwarded;
}

}  // namespace responses_proxy
