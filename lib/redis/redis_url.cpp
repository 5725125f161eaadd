#include "redis/redis_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/ascii_case.h"
#include "core/percent_decoded.h"

namespace responses_proxy {

namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string parse_user_info(std::string_view text, RedisOptions& options) {
  const auto colon = text.find(':');
  const auto user = percent_decoded(colon == std::string_view::npos ? "" : text.substr(0, colon));
  const auto password =
      percent_decoded(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!user || !password) return "has a user or password with a broken percent encoding";
  if (!user->empty() && password->empty()) return "has a user without a password";
  options.user = *user;
  options.password = Secret(*password);
  return {};
}

std::string parse_database(std::string_view text, RedisOptions& options) {
  if (text.empty()) return {};
  const auto database = parse_number<std::uint32_t>(text);
  if (!database) return "has a database that is not a number";
  options.database = *database;
  return {};
}

// Other clients know more parameters; leaving one out could mean an unprotected connection.
std::string parse_query(std::string_view query, RedisOptions& options) {
  if (query.empty()) return {};
  if (!query.starts_with("db=")) return "has a parameter that is not db=NUMBER";
  return parse_database(query.substr(3), options);
}

std::string parse_socket(std::string_view rest, RedisOptions& options) {
  if (!rest.starts_with('/')) {
    const auto at = rest.find("@/");
    if (at == std::string_view::npos) return "has no absolute socket path";
    std::string problem = parse_user_info(rest.substr(0, at), options);
    if (!problem.empty()) return problem;
    rest = rest.substr(at + 1);
  }
  const auto question = rest.find('?');
  const auto path = percent_decoded(rest.substr(0, question));
  // 107: what fits into sockaddr_un.
  if (!path || path->size() < 2 || path->size() > 107 || path->find('\0') != std::string::npos) {
    return "has no valid socket path";
  }
  options.unix_socket = *path;
  return question == std::string_view::npos ? "" : parse_query(rest.substr(question + 1), options);
}

std::string parse_host_and_port(std::string_view text, RedisOptions& options) {
  constexpr const char* kProblem = "has no valid host and port";
  const bool bracketed = text.starts_with('[');
  const auto host_end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (host_end == std::string_view::npos) return kProblem;
  const std::string_view host = text.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0));
  const std::string_view port = text.substr(host_end + (bracketed ? 1 : 0));
  const bool odd = std::any_of(host.begin(), host.end(),
                               [](unsigned char c) { return c <= ' ' || c == '\x7f' || c == '%'; });
  if (host.empty() || odd) return kProblem;
  options.host = host;
  if (port.empty()) return {};
  const auto number = port.starts_with(':') ? parse_number<std::uint16_t>(port.substr(1))
                                            : std::optional<std::uint16_t>();
  if (!number || *number == 0) return kProblem;
  options.port = *number;
  return {};
}

std::string parse_tcp(std::string_view rest, RedisOptions& options) {
  // The last "@": a password that was not percent-encoded may contain "/", "?" or "@" itself.
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    std::string problem = parse_user_info(rest.substr(0, at), options);
    if (!problem.empty()) return problem;
    rest = rest.substr(at + 1);
  }
  std::string_view query;
  if (const auto question = rest.find('?'); question != std::string_view::npos) {
    query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  const auto slash = std::min(rest.find('/'), rest.size());
  std::string problem = parse_host_and_port(rest.substr(0, slash), options);
  if (problem.empty() && slash < rest.size()) {
    problem = parse_database(rest.substr(slash + 1), options);
  }
  return problem.empty() ? parse_query(query, options) : problem;
}

}  // namespace

std::string RedisOptions::address() const {
  if (!unix_socket.empty()) return fmt::format("{} database {}", unix_socket, database);
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}/{}", v6 ? "[" : "", host, v6 ? "]" : "", port, database);
}

bool redis_has_tls() {
#ifdef RP_REDIS_TLS
  return true;
#else
  return false;
#endif
}

std::string parse_redis_url(std::string_view url, RedisOptions& options) {
  options = {};
  const auto end = url.find("://");
  if (end == std::string_view::npos) return "is not a Redis URL";
  const std::string scheme = ascii_lower(url.substr(0, end));
  const std::string_view rest = url.substr(end + 3);
  if (scheme == "unix" || scheme == "redis+unix" || scheme == "redis+socket") {
    return parse_socket(rest, options);
  }
  if (scheme != "redis" && scheme != "rediss") return "is not a Redis URL";
  options.tls = scheme == "rediss";
  if (options.tls && !redis_has_tls()) return "asks for TLS, which this build's hiredis lacks";
  return parse_tcp(rest, options);
}

}  // namespace responses_proxy
