#include "control/guard.h"

#include <string>
#include <string_view>

#include "responses_proxy/request.h"

namespace responses_proxy::control {

namespace {

bool needs_token(Access access, const Config& config) {
  if (access == Access::open) return false;
  if (config.admin_protect == AdminProtection::all) return true;
  return access == Access::registry && !config.admin_token.empty();
}

bool has_token(const httplib::Request& request, const Secret& token) {
  constexpr std::string_view kScheme = "Bearer ";
  // An empty token would equal an empty credential: without one configured nobody gets in.
  if (token.empty()) return false;
  const std::string header = request.get_header_value("Authorization");
  const std::string_view given = header;
  return equals_ignore_case(given.substr(0, kScheme.size()), kScheme) &&
         token.equals(given.substr(kScheme.size()));
}

// Browsers name the page's site in Origin with every request that changes something.
bool from_another_site(const httplib::Request& request) {
  if (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS") {
    return false;
  }
  if (!request.has_header("Origin")) return false;
  const std::string origin = request.get_header_value("Origin");
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string::npos) return true;
  return !equals_ignore_case(std::string_view(origin).substr(scheme_end + 3),
                             request.get_header_value("Host"));
}

}  // namespace

std::optional<Error> refusal(const httplib::Request& request, Access access, const Config& config) {
  if (from_another_site(request)) {
    return Error{403,
                 "invalid_request_error",
                 "cross_site_request",
                 "A page of another site may not send this request: Origin does not match Host.",
                 "",
                 {}};
  }
  if (!needs_token(access, config) || has_token(request, config.admin_token)) return std::nullopt;
  return Error{401,
               "invalid_request_error",
               "invalid_admin_token",
               "This needs the admin token: Authorization: Bearer <PROXY_ADMIN_TOKEN>.",
               "",
               {}};
}

}  // namespace responses_proxy::control
