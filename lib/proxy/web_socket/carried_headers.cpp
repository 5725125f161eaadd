#include "proxy/web_socket/carried_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/field_syntax.h"
#include "core/json_members.h"
#include "dialects/headers.h"
#include "dialects/responses/client_headers.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kPrefix = "ws_request_header_";

// "" for a member that is no header.
std::string header_name(const std::string& key) {
  if (key == kTurnState) return key;
  if (!key.starts_with(kPrefix)) return {};
  std::string name = key.substr(kPrefix.size());
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

Error bad_value(const std::string& key) {
  return Error::invalid_request(
      "invalid_header_value",
      "A value in client_metadata that stands for a header must not have control characters.",
      "client_metadata." + key);
}

Error too_many() {
  return Error::refused(
      431, "headers_too_large",
      fmt::format("client_metadata takes at most {} headers, {} bytes of them, and {} members.",
                  CarriedHeaders::kMaxHeaders, CarriedHeaders::kMaxBytes, kMaxMembers),
      "client_metadata");
}

// All headers in there, also those that may not go up; without a value those that are no strings.
Result<Headers> all_headers(const JsonMembers& members) {
  Headers all;
  std::size_t bytes = 0;
  for (const JsonMember& member : members) {
    std::string name = header_name(member.key);
    if (!is_field_name(name)) continue;
    std::string value = string_content(member.value);
    if (!is_field_value(value)) return bad_value(member.key);
    bytes += name.size() + value.size();
    all.set(name, std::move(value));  // the last one counts
    if (all.size() > CarriedHeaders::kMaxHeaders || bytes > CarriedHeaders::kMaxBytes) {
      return too_many();
    }
  }
  return all;
}

}  // namespace

Result<CarriedHeaders> read_carried_headers(std::string_view metadata) {
  CarriedHeaders carried;
  auto members = read_members(metadata);
  if (!members && metadata.starts_with('{')) return too_many();
  if (!members) return carried;  // has no headers, whatever it is
  const auto all = all_headers(*members);
  if (!all) return all.error();
  const Headers allowed = forwarded_request_headers(*all);
  const std::size_t refused = std::erase_if(*members, [&](const JsonMember& member) {
    const bool is_header = member.key.starts_with(kPrefix);
    return is_header && !allowed.find(header_name(member.key));
  });
  if (refused > 0) carried.metadata = join_members(*members);
  for (const Header& field : allowed) {
    if (!field.value.empty()) carried.headers.add(field);
  }
  return carried;
}

}  // namespace responses_proxy
