#include "config_values/url.h"

#include <algorithm>
#include <iterator>

#include "config_values/value_parser.h"
#include "core/ascii_case.h"
#include "responses_proxy/secret.h"

namespace responses_proxy::config {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::string_view kSecretWords[] = {"pass", "pwd",  "key",  "token", "secret",
                                             "sig",  "auth", "cred", "cookie"};

struct UrlParts {
  std::string scheme;  // lower case
  std::string_view rest;
};

UrlParts split_scheme(std::string_view url) {
  const auto end = url.find("://");
  if (end == std::string_view::npos) return {};
  return {ascii_lower(url.substr(0, end)), url.substr(end + 3)};
}

bool is_authority(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) return is_host(text.substr(1, text.size() - 2));
  if (text.find(':') == std::string_view::npos) return is_host(text);
  const auto parsed = parse_host_port(text);
  return parsed && parsed->port != 0;
}

bool is_url_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view("\\\"<>").find(c) == std::string_view::npos;
  });
}

// "user:***@" for "user:password@"; a lone name may be a token, so it is hidden whole.
std::string mask_user_info(std::string_view user_info) {
  const auto colon = user_info.find(':');
  if (colon == std::string_view::npos) return std::string(kHidden) + "@";
  return std::string(user_info.substr(0, colon + 1)) + std::string(kHidden) + "@";
}

std::string mask_query(std::string_view query) {
  std::string masked;
  for (std::size_t begin = 0; begin <= query.size();) {
    const auto end = std::min(query.find('&', begin), query.size());
    const std::string_view parameter = query.substr(begin, end - begin);
    const auto equals = parameter.find('=');
    if (begin != 0) masked += '&';
    masked += equals != std::string_view::npos && names_secret(parameter.substr(0, equals))
                  ? std::string(parameter.substr(0, equals + 1)) + std::string(kHidden)
                  : std::string(parameter);
    begin = end + 1;
  }
  return masked;
}

}  // namespace

bool leads_to(std::string_view base_url, std::string_view host, std::uint16_t port) {
  const auto [scheme, rest] = split_scheme(base_url);
  std::string authority(rest.substr(0, rest.find('/')));
  if (authority.ends_with(']') || authority.find(':') == std::string::npos) {
    authority += scheme == "https" ? ":443" : ":80";
  }
  const auto named = parse_host_port(authority);
  if (!named || port == 0 || named->port != port) return false;
  return ascii_lower(named->host) == ascii_lower(host) ||
         (is_loopback(named->host) && (is_any_address(host) || is_loopback(host)));
}

bool names_secret(std::string_view parameter) {
  const std::string name = ascii_lower(parameter);
  return std::any_of(std::begin(kSecretWords), std::end(kSecretWords),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

std::string base_url_problem(std::string_view url) {
  const auto [scheme, rest] = split_scheme(url);
  if (scheme != "http" && scheme != "https") return "does not start with http:// or https://";
  if (rest.find('@') != std::string_view::npos) return "contains credentials";
  if (rest.find_first_of("?#") != std::string_view::npos) return "has a query or a fragment";
  if (!is_url_text(rest)) return "is not a URL";
  if (!is_authority(rest.substr(0, rest.find('/')))) return "has no valid host and port";
  return {};
}

std::string mask_url(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return Secret(std::string(url)).masked();
  std::string masked(url.substr(0, scheme_end + 3));
  std::string_view rest = url.substr(scheme_end + 3);
  // The last "@": a password that was not percent-encoded may contain "/", "?" or "@" itself.
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    masked += mask_user_info(rest.substr(0, at));
    rest = rest.substr(at + 1);
  }
  std::string fragment;
  if (const auto hash = rest.find('#'); hash != std::string_view::npos) {
    fragment = "#" + std::string(kHidden);
    rest = rest.substr(0, hash);
  }
  const auto query = rest.find('?');
  masked += rest.substr(0, query);
  if (query != std::string_view::npos) masked += "?" + mask_query(rest.substr(query + 1));
  return masked + fragment;
}

}  // namespace responses_proxy::config
