#include "control/guard.h"

#include <string>
#include <string_view>

#include "core/browser_guard.h"
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

// What the rules for browsers look at.
Request browser_facts(const httplib::Request& request) {
  Request facts;
  facts.method = request.method;
  for (const char* name : {"Host", "Origin", "Sec-Fetch-Site", "X-Forwarded-Proto"}) {
    const auto [first, last] = request.headers.equal_range(name);
    for (auto field = first; field != last; ++field) facts.headers.add(name, field->second);
  }
  return facts;
}

}  // namespace

std::optional<Error> refusal(const httplib::Request& request, Access access, const Config& config) {
  // rp-server's listener has asked this before; an embedder's own server has not.
  const BrowserGuard guard({config.allowed_origins, config.allowed_hosts, false});
  if (auto refused = guard.refusal(browser_facts(request))) return refused;
  if (!needs_token(access, config) || has_token(request, config.admin_token)) return std::nullopt;
  const bool given = request.has_header("Authorization");
  return Error::refused(
      401, "invalid_admin_token",
      given
          ? "This is not the admin token: Authorization: Bearer <PROXY_ADMIN_TOKEN>, as the server "
            "was started with it."
          : "This needs the admin token: Authorization: Bearer <PROXY_ADMIN_TOKEN>.");
}

}  // namespace responses_proxy::control
