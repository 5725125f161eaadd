#include "server/request_target.h"

#include <algorithm>
#include <utility>

#include "core/request_path.h"
#include "responses_proxy/request.h"
#include "server/http_syntax.h"

namespace responses_proxy {

namespace {

// Takes "http://host" from the front of an absolute-form.
std::string_view take_authority(std::string_view& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignore_case(target.substr(0, scheme.size()), scheme)) continue;
    const std::size_t end = std::min(target.find_first_of("/?", scheme.size()), target.size());
    const std::string_view authority = target.substr(scheme.size(), end - scheme.size());
    target.remove_prefix(end);
    return authority;
  }
  return {};
}

}  // namespace

Result<RequestTarget> parse_request_target(std::string_view method, std::string_view target) {
  if (target == "*" && method == "OPTIONS") return RequestTarget{"*", "", ""};
  for (const char c : target) {
    if (c == '#')
      return malformed_request("its target has a fragment, which stays with the client");
    if (c < 0x21 || c > 0x7e) return malformed_request("its target is not percent-encoded");
  }
  RequestTarget parsed;
  if (!target.starts_with('/')) {
    parsed.authority = take_authority(target);
    if (!is_host(parsed.authority)) {
      return malformed_request(
          "its target must be a path that begins with /, or an http:// or "
          "https:// URL with a host");
    }
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  parsed.path = target.substr(0, question);
  if (parsed.path.empty()) parsed.path = "/";
  if (question < target.size()) parsed.query = target.substr(question + 1);
  if (auto problem = path_problem(parsed.path)) return std::move(*problem);
  return parsed;
}

}  // namespace responses_proxy
