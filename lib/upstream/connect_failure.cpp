#include "upstream/connect_failure.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "upstream/socket_target.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxReason = 200;

bool out_of_descriptors() {
  const int probe = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (probe < 0) return errno == EMFILE || errno == ENFILE;
  ::close(probe);
  return false;
}

std::string what_failed(UpstreamError error, const SocketTarget& target) {
  const std::string where = fmt::format(
      "{}:{}", target.authority.starts_with('[') ? fmt::format("[{}]", target.host) : target.host,
      target.port);
  switch (error) {
    case UpstreamError::connect_name_not_found:
      return fmt::format("the name {} has no address", target.host);
    case UpstreamError::connect_refused:
      return fmt::format("nobody listens at {}", where);
    case UpstreamError::connect_unreachable:
      return fmt::format("{} cannot be reached", where);
    case UpstreamError::connect_tls:
      return fmt::format("the TLS handshake with {} failed", where);
    case UpstreamError::connect_certificate:
      return fmt::format("the certificate of {} is not accepted", where);
    case UpstreamError::connect_timeout:
      return fmt::format("no connection to {} in time", where);
    case UpstreamError::out_of_descriptors:
      return "this process may open no more files and sockets (ulimit -n)";
    default:
      return fmt::format("no connection to {}", where);
  }
}

}  // namespace

UpstreamError error_of_errno(int error) {
  switch (error) {
    case ECONNREFUSED:
    case ENOENT:  // a Unix socket that is not there
      return UpstreamError::connect_refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return UpstreamError::connect_unreachable;
    case ETIMEDOUT:
      return UpstreamError::connect_timeout;
    case EMFILE:
    case ENFILE:
      return UpstreamError::out_of_descriptors;
    default:
      return UpstreamError::connect;
  }
}

ConnectFailure connect_failure(UpstreamError error, const std::string& url,
                               std::string_view reason) {
  if (out_of_descriptors()) error = UpstreamError::out_of_descriptors;
  const auto target = parse_socket_target(url);
  if (!target) return {UpstreamError::connect, "the base URL is no http or https URL"};
  std::string detail = what_failed(error, *target);
  if (!reason.empty()) detail += fmt::format(" ({})", reason.substr(0, kMaxReason));
  return {error, std::move(detail)};
}

}  // namespace responses_proxy
