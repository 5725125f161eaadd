#include "dialects/headers.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/ascii_case.h"
#include "core/field_set.h"

namespace responses_proxy {

namespace {

constexpr FieldSet kHopByHop{FieldId::connection,        FieldId::keep_alive,
                             FieldId::proxy_connection,  FieldId::te,
                             FieldId::trailer,           FieldId::upgrade,
                             FieldId::transfer_encoding, FieldId::proxy_authenticate};
constexpr FieldSet kCredentials(kCredentialFields);
constexpr FieldSet kNeverSentUp{FieldId::host, FieldId::content_length, FieldId::expect,
                                FieldId::accept_encoding, FieldId::x_pool_id};
// True of the upstream's host and its connection, not of this one.
constexpr FieldSet kNeverSentDown{FieldId::content_length, FieldId::set_cookie, FieldId::alt_svc,
                                  FieldId::strict_transport_security};
constexpr std::string_view kOwnPrefix = "x-proxy-";
// What comes to them here: a credential, the ids of the request.
constexpr std::size_t kAddedFields = 4;
constexpr std::size_t kAddedBytes = 256;

bool starts_with_ignore_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equals_ignore_case(text.substr(0, prefix.size()), prefix);
}

// The fields of a message that end here. Its Connection fields are read once, so that the work
// stays linear however many fields and tokens there are.
class HopByHop {
 public:
  explicit HopByHop(const Headers& headers) {
    for (const Header& field : headers) {
      if (field.id == FieldId::connection) add_tokens(field.value);
    }
  }

  bool contains(const Header& field) const {
    return kHopByHop.contains(field.id) ||
           (!named_.empty() && named_.contains(ascii_lower(field.name)));
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
      if (!equals_ignore_case(token, "close") && !kHopByHop.contains(field_id(token))) {
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
  forwarded.reserve(from_client.size() + kAddedFields, from_client.bytes() + kAddedBytes);
  for (const Header& field : from_client) {
    if (hop_by_hop.contains(field) || kNeverSentUp.contains(field.id) ||
        kCredentials.contains(field.id) || starts_with_ignore_case(field.name, kOwnPrefix)) {
      continue;
    }
    forwarded.add(field);
  }
  return forwarded;
}

Headers forwarded_response_headers(const Headers& from_upstream) {
  const HopByHop hop_by_hop(from_upstream);
  Headers forwarded;
  forwarded.reserve(from_upstream.size() + kAddedFields, from_upstream.bytes() + kAddedBytes);
  for (const Header& field : from_upstream) {
    if (hop_by_hop.contains(field) || kNeverSentDown.contains(field.id) ||
        starts_with_ignore_case(field.name, "access-control-") ||
        starts_with_ignore_case(field.name, kOwnPrefix)) {
      continue;
    }
    if (field.id == FieldId::x_request_id) {
      forwarded.add("x-upstream-request-id", field.value);
    } else {
      forwarded.add(field);
    }
  }
  return forwarded;
}

}  // namespace responses_proxy
