#include "upstream/environment_proxies.h"

#include <algorithm>
#include <cstdlib>

#include "responses_proxy/headers.h"
#include "upstream/socket_target.h"

namespace responses_proxy {

namespace {

bool ends_with_ignore_case(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         equals_ignore_case(text.substr(text.size() - end.size()), end);
}

// "*", a name, or a domain with all that is in it.
bool covers(std::string_view rule, std::string_view host) {
  if (rule == "*") return true;
  if (rule.starts_with('.')) rule.remove_prefix(1);
  if (rule.empty()) return false;
  return equals_ignore_case(rule, host) ||
         (ends_with_ignore_case(host, rule) && host[host.size() - rule.size() - 1] == '.');
}

bool any_covers(std::string_view rules, std::string_view host) {
  constexpr std::string_view kBetween = ", \t";
  while (!rules.empty()) {
    const std::size_t end = std::min(rules.find_first_of(kBetween), rules.size());
    if (covers(rules.substr(0, end), host)) return true;
    rules.remove_prefix(std::min(end + 1, rules.size()));
  }
  return false;
}

}  // namespace

EnvironmentProxies EnvironmentProxies::read(
    const std::function<std::optional<std::string>(const char* name)>& variable) {
  const auto value = [&](std::initializer_list<const char*> names) -> std::string {
    for (const char* name : names) {
      if (auto text = variable(name); text && !text->empty()) return *text;
    }
    return {};
  };
  EnvironmentProxies proxies;
  // Not HTTP_PROXY: in CGI it is a field of the request.
  proxies.http = !value({"http_proxy", "all_proxy", "ALL_PROXY"}).empty();
  proxies.https = !value({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}).empty();
  proxies.none_of = value({"no_proxy", "NO_PROXY"});
  return proxies;
}

EnvironmentProxies EnvironmentProxies::of_this_process() {
  return read([](const char* name) -> std::optional<std::string> {
    const char* const text = std::getenv(name);
    return text != nullptr ? std::optional<std::string>(text) : std::nullopt;
  });
}

bool EnvironmentProxies::apply_to(std::string_view url) const {
  if (!http && !https) return false;
  const auto target = parse_socket_target(std::string(url));
  if (!target) return false;
  return (target->tls ? https : http) && !any_covers(none_of, target->host);
}

}  // namespace responses_proxy
