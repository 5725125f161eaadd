#include "dialects/headers.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/ascii_case.h"

namespace responses_proxy {

namespace {

constexpr std::array<std::string_view, 8> kHopByHop = {
    "connection", "keep-alive", "proxy-connection",  "te",
    "trailer",    "upgrade",    "transfer-encoding", "proxy-authenticate"};
constexpr std::array<std::string_view, 4> kNeverSentUp = {"host", "content-length", "expect",
                                                          "accept-encoding"};
// True of the upstream's host and its connection, not of this one.
constexpr std::array<std::string_view, 4> kNeverSentDown = {"content-length", "set-cookie",
                                                            "alt-svc", "strict-transport-security"};
constexpr std::string_view kOwnPrefix = "x-proxy-";

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(), [name](std::string_view candidate) {
    return equals_ignore_case(name, candidate);
  });
}

bool starts_with_ignore_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equals_ignore_case(text.substr(0, prefix.size()), prefix);
}

// The fields of a message that end here. Its Connection fields are read once, so that the work
// stays linear however many fields and tokens there are.
class HopByHop {
 public:
  explicit HopByHop(const Headers& headers) {
    for (const Header& field : headers) {
      if (equals_ignore_case(field.name, "connection")) add_tokens(field.value);
    }
  }

  bool contains(std::string_view name) const {
    return is_one_of(name, kHopByHop) || (!named_.empty() && named_.contains(ascii_lower(name)));
  }

 private:
  // "Connection: close, X-Foo" makes X-Foo hop-by-hop, too.
  void add_tokens(std::string_view list) {
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      std::string_view token = list.substr(0, comma);
      list.remove_prefix(std::min(comma + 1, list.size()));
      while (token.starts_with(' ') || token.starts_with('\t')) token.remove_prefix(1);
      while (token.ends_with(' ') || token.ends_with('\t')) token.remove_suffix(1);
      if (!equals_ignore_case(token, "close") && !is_one_of(token, kHopByHop)) {
        named_.insert(ascii_lower(token));
      }
    }
  }

  std::unordered_set<std::string> named_;
};

}  // namespace

Headers forwarded_request_headers(const Headers& from_client) {
  const HopByHop hop_by_hop(from_client);
  Headers forwarded;
  for (const Header& field : from_client) {
    if (hop_by_hop.contains(field.name) || is_one_of(field.name, kNeverSentUp) ||
        is_one_of(field.name, kCredentialHeaders) ||
        starts_with_ignore_case(field.name, kOwnPrefix) ||
        equals_ignore_case(field.name, "x-pool-id")) {
      continue;
    }
    forwarded.add(field.name, field.value);
  }
  return forwarded;
}

Headers forwarded_response_headers(const Headers& from_upstream) {
  const HopByHop hop_by_hop(from_upstream);
  Headers forwarded;
  for (const Header& field : from_upstream) {
    if (hop_by_hop.contains(field.name) || is_one_of(field.name, kNeverSentDown) ||
        starts_with_ignore_case(field.name, "access-control-") ||
        starts_with_ignore_case(field.name, kOwnPrefix)) {
      continue;
    }
    const bool request_id = equals_ignore_case(field.name, "x-request-id");
    forwarded.add(request_id ? "x-upstream-request-id" : field.name, field.value);
  }
  return forwarded;
}

}  // namespace responses_proxy
