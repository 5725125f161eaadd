#include "server/own_url.h"

#include <fmt/format.h>

#include "config_values/value_parser.h"

namespace responses_proxy {

namespace {

std::string url_at(const Config& config, std::string host, std::uint16_t port) {
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  const bool ipv6 = host.find(':') != std::string::npos;
  const char* scheme = config.tls_cert_file.empty() ? "http" : "https";
  return fmt::format("{}://{}{}{}:{}", scheme, ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
}

}  // namespace

std::string own_url(const Config& config) {
  return url_at(config, config.host, config.port);
}

std::string own_admin_url(const Config& config) {
  const auto address = config::parse_host_port(config.admin_bind);
  return address ? url_at(config, address->host, address->port) : own_url(config);
}

OwnTls own_tls(const Config& config) {
  return {config.tls_cert_file, config.tls_key_file};
}

}  // namespace responses_proxy
