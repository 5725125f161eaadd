#include "core/browser_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "core/ascii_case.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, PATCH, DELETE";

// "example.com" of "example.com:8000", "::1" of "[::1]:8000".
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  return host.substr(0, host.find(':'));
}

std::optional<boost::asio::ip::address> as_address(std::string_view host) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  return error ? std::nullopt : std::optional(address);
}

bool is_loopback_name(std::string_view host) {
  const std::string name = ascii_lower(host);
  if (name == "localhost" || name.ends_with(".localhost")) return true;  // RFC 6761 section 6.3
  const auto address = as_address(name);
  return address && address->is_loopback();
}

// A page cannot set this field without asking first, so it can only be a reverse proxy's.
std::string own_origin(const Headers& headers, bool tls) {
  tls = tls || equals_ignore_case(headers.get("x-forwarded-proto"), "https");
  return fmt::format("{}://{}", tls ? "https" : "http", headers.get("host"));
}

bool changes_nothing(std::string_view method) {
  return method == "GET" || method == "HEAD";
}

}  // namespace

std::optional<std::string> normal_origin(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string origin = ascii_lower(text);
  const std::string_view scheme = std::string_view(origin).substr(0, colon);
  const std::string_view host = std::string_view(origin).substr(colon + 3);
  constexpr std::string_view kScheme = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
  constexpr std::string_view kHost = "abcdefghijklmnopqrstuvwxyz0123456789-._~:[]";
  if (scheme.find_first_not_of(kScheme) != std::string_view::npos || host.empty() ||
      host.find_first_not_of(kHost) != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view own_port = scheme == "https" ? ":443" : scheme == "http" ? ":80" : "";
  if (!own_port.empty() && host.ends_with(own_port)) {
    origin.resize(origin.size() - own_port.size());
  }
  return origin;
}

bool BrowserGuard::allows_host(std::string_view host) const {
  if (!rules_.loopback && rules_.allowed_hosts.empty()) return true;
  std::string_view name = without_port(host);
  if (name.ends_with('.')) name.remove_suffix(1);
  // No DNS makes an address mean another one; health checks of a cluster use them.
  if (!rules_.loopback && as_address(name)) return true;
  return is_loopback_name(name) ||
         std::any_of(
             rules_.allowed_hosts.begin(), rules_.allowed_hosts.end(),
             [name](const std::string& allowed) { return equals_ignore_case(allowed, name); });
}

bool BrowserGuard::allows_origin(std::string_view origin) const {
  const auto normal = normal_origin(origin);
  return normal && std::find(rules_.allowed_origins.begin(), rules_.allowed_origins.end(),
                             *normal) != rules_.allowed_origins.end();
}

std::optional<Error> BrowserGuard::refusal(const Request& request) const {
  if (const auto host = request.headers.find("host"); host && !allows_host(*host)) {
    return Error::refused(
        403, "host_not_allowed",
        fmt::format("This server is not reached by the name \"{}\". If it should be, put the name "
                    "into PROXY_ALLOWED_HOSTS.",
                    without_port(*host)));
  }
  return origin_refusal(request);
}

std::optional<Error> BrowserGuard::origin_refusal(const Request& request) const {
  bool from_page = false;
  for (const Header& field : request.headers) {
    if (field.id != FieldId::origin) continue;
    from_page = true;
    const auto origin = normal_origin(field.value);
    if (origin && (origin == normal_origin(own_origin(request.headers, rules_.tls)) ||
                   allows_origin(*origin))) {
      continue;
    }
    return Error::refused(
        403, "origin_not_allowed",
        fmt::format("A page of \"{}\" may not use this server: it is not the server's own. If it "
                    "should, put its origin into PROXY_ALLOWED_ORIGINS.",
                    field.value));
  }
  // Without Origin, but not from one of our own pages nor from the address bar.
  const std::string_view site = request.headers.get("sec-fetch-site");
  const bool elsewhere = site == "cross-site" || site == "same-site";
  if (!from_page && elsewhere && !changes_nothing(request.method)) {
    return Error::refused(403, "origin_not_allowed",
                          "A page of another site may not send this request without its Origin.");
  }
  return std::nullopt;
}

std::optional<ResponseHead> BrowserGuard::preflight(const Request& request) const {
  const Headers& asked = request.headers;
  if (request.method != "OPTIONS" || !asked.find("access-control-request-method") ||
      !allows_origin(asked.get("origin"))) {
    return std::nullopt;
  }
  ResponseHead head;
  head.status = 204;
  head.headers.add("access-control-allow-methods", kMethods);
  if (const auto fields = asked.find("access-control-request-headers")) {
    head.headers.add("access-control-allow-headers", *fields);
  }
  // https://wicg.github.io/private-network-access/: a public page that asks for a local server.
  if (asked.find("access-control-request-private-network")) {
    head.headers.add("access-control-allow-private-network", "true");
  }
  head.headers.add("access-control-max-age", "600");
  return head;
}

Headers BrowserGuard::answer_fields(const Request& request) const {
  if (rules_.allowed_origins.empty()) return {};
  const std::string_view origin = request.headers.get("origin");
  if (!allows_origin(origin)) return {{"vary", "Origin"}};
  return {{"access-control-allow-origin", origin},
          {"access-control-expose-headers", "*"},
          {"vary", "Origin"}};
}

}  // namespace responses_proxy
