#include "postgres/postgres_url.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>
#include <optional>

#include "core/ascii_case.h"
#include "core/percent_decoded.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kUrlScheme = "postgresql://";
constexpr std::string_view kHidden = "***";
// libpq waits without end for an address that does not answer, unless it is told otherwise.
constexpr std::string_view kConnectTimeout = "connect_timeout=2";

struct Parameter {
  std::string_view key;
  std::string_view value;
};

struct Parts {
  std::string_view user_info;
  std::string_view hosts;
  std::string_view database;  // with its slash
  std::vector<Parameter> parameters;
};

// What follows "://", or nothing.
std::optional<std::string_view> after_scheme(std::string_view url) {
  const auto end = url.find("://");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string scheme = ascii_lower(url.substr(0, end));
  const std::string base = scheme.substr(0, scheme.find('+'));
  if (base != "postgres" && base != "postgresql") return std::nullopt;
  const bool odd = std::any_of(
      scheme.begin() + static_cast<std::ptrdiff_t>(base.size()), scheme.end(),
      [](unsigned char c) { return std::isalnum(c) == 0 && c != '+' && c != '_' && c != '-'; });
  if (odd || scheme.ends_with('+')) return std::nullopt;
  return url.substr(end + 3);
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  return code == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65535;
}

bool is_host_with_port(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view address = text.substr(1, end - 1);
    const std::string_view number = address.substr(0, address.find("%25"));  // without its zone
    if (number.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) {
      return false;
    }
    port = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    const std::string_view host = text.substr(0, colon);
    const bool odd = std::any_of(host.begin(), host.end(), [](unsigned char c) {
      return std::isalnum(c) == 0 &&
             std::string_view("-._%").find(static_cast<char>(c)) == std::string_view::npos;
    });
    if (odd) return false;
    port = text.substr(colon);
  }
  return port.empty() || (port.starts_with(':') && is_port(port.substr(1)));
}

std::string hosts_problem(std::string_view hosts) {
  if (hosts.empty()) return {};
  for (std::size_t begin = 0; begin <= hosts.size();) {
    const auto end = std::min(hosts.find(',', begin), hosts.size());
    if (!is_host_with_port(hosts.substr(begin, end - begin))) return "has no valid host and port";
    begin = end + 1;
  }
  return {};
}

std::string split_query(std::string_view query, std::vector<Parameter>& parameters) {
  for (std::size_t begin = 0; begin < query.size();) {
    const auto end = std::min(query.find('&', begin), query.size());
    const std::string_view item = query.substr(begin, end - begin);
    const auto equals = item.find('=');
    if (equals == 0 || equals == std::string_view::npos ||
        item.find('=', equals + 1) != std::string_view::npos) {
      return "has a parameter that is not name=value";
    }
    parameters.push_back({item.substr(0, equals), item.substr(equals + 1)});
    begin = end + 1;
  }
  return {};
}

// A password that should have been percent-encoded would be taken for a host or a port, and then
// stand in error texts: whatever could be one is refused here.
std::string split(std::string_view rest, Parts& parts) {
  const bool printable =
      std::all_of(rest.begin(), rest.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable || rest.find('#') != std::string_view::npos) {
    return "has a character that must be percent-encoded";
  }
  if (std::count(rest.begin(), rest.end(), '@') > 1) {
    return "has a second @: in a password it is written %40";
  }
  if (!percent_decoded(rest)) return "has a broken percent encoding";
  const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
  if (const auto at = rest.find('@'); at != std::string_view::npos && at > authority_end) {
    return "has a / or ? before the @: in a password they are written %2F and %3F";
  }
  std::string_view authority = rest.substr(0, authority_end);
  if (const auto at = authority.find('@'); at != std::string_view::npos) {
    parts.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  parts.hosts = authority;
  const auto question = std::min(rest.find('?', authority_end), rest.size());
  parts.database = rest.substr(authority_end, question - authority_end);
  if (std::string problem = hosts_problem(parts.hosts); !problem.empty()) return problem;
  return question == rest.size() ? "" : split_query(rest.substr(question + 1), parts.parameters);
}

bool names_secret(std::string_view key) {
  const std::string name = ascii_lower(key);
  return name != "passfile" &&
         (name.find("pass") != std::string::npos || name.find("secret") != std::string::npos);
}

std::vector<std::string> secrets_of(const Parts& parts) {
  std::vector<std::string> secrets;
  const auto add = [&](std::string_view raw) {
    for (std::string secret : {std::string(raw), *percent_decoded(raw)}) {
      if (!secret.empty()) secrets.push_back(std::move(secret));
    }
  };
  if (const auto colon = parts.user_info.find(':'); colon != std::string_view::npos) {
    add(parts.user_info.substr(colon + 1));
  }
  for (const Parameter& parameter : parts.parameters) {
    if (names_secret(parameter.key)) add(parameter.value);
  }
  std::sort(secrets.begin(), secrets.end(),
            [](const auto& left, const auto& right) { return left.size() > right.size(); });
  secrets.erase(std::unique(secrets.begin(), secrets.end()), secrets.end());
  return secrets;
}

// As the library that will read the URL has it; `ssl` is another name of `sslmode` in URLs.
bool is_libpq_parameter(std::string_view key) {
  const std::unique_ptr<PQconninfoOption, decltype(&::PQconninfoFree)> known(::PQconndefaults(),
                                                                             ::PQconninfoFree);
  if (!known) return true;  // out of memory
  for (const PQconninfoOption* option = known.get(); option->keyword != nullptr; ++option) {
    if (key == option->keyword) return true;
  }
  return key == "ssl";
}

// A password that is not percent-encoded may look like a parameter, which is not named then.
std::string parameters_problem(const std::vector<Parameter>& parameters) {
  const bool may_be_secret = std::any_of(parameters.begin(), parameters.end(),
                                         [](const auto& one) { return names_secret(one.key); });
  for (const Parameter& parameter : parameters) {
    if (is_libpq_parameter(parameter.key)) continue;
    const std::string name =
        may_be_secret ? "a parameter" : "the parameter " + std::string(parameter.key);
    return "has " + name + ", which is none of libpq's: take it out, or correct its name";
  }
  return {};
}

std::string name_of(const Parts& parts) {
  std::string host = *percent_decoded(parts.hosts);
  std::string database = *percent_decoded(parts.database);
  for (const Parameter& parameter : parts.parameters) {
    if (parameter.key == "host") host = *percent_decoded(parameter.value);
    if (parameter.key == "dbname") database = "/" + *percent_decoded(parameter.value);
  }
  return (host.empty() ? "the local socket" : host) + database;
}

// "true" is libpq's own to read; other drivers write a word of sslmode, or "false".
std::string as_libpq(const Parameter& parameter) {
  std::string_view key = parameter.key;
  std::string_view value = parameter.value;
  if (key == "ssl" && value != "true") {
    key = "sslmode";
    if (value == "false") value = "disable";
  }
  return std::string(key) + "=" + std::string(value);
}

std::string connection_of(const Parts& parts) {
  std::string text(kUrlScheme);
  if (!parts.user_info.empty()) text += std::string(parts.user_info) + "@";
  text += std::string(parts.hosts) + std::string(parts.database);
  char separator = '?';
  const auto add = [&](std::string_view parameter) {
    text += separator;
    text += parameter;
    separator = '&';
  };
  bool has_timeout = false;
  for (const Parameter& parameter : parts.parameters) {
    add(as_libpq(parameter));
    has_timeout |= parameter.key == "connect_timeout" && parameter.value != "0";
  }
  if (!has_timeout) add(kConnectTimeout);
  add("fallback_application_name=responses-proxy");
  add("client_encoding=UTF8");
  return text;
}

}  // namespace

namespace {

bool is_letter_or_digit(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// A short one stands in many words; there it is none.
bool is_part_of_word(std::string_view text, std::size_t at, std::size_t size) {
  constexpr std::size_t kDistinct = 8;
  if (size >= kDistinct) return false;
  const bool before = at > 0 && is_letter_or_digit(text[at - 1]) && is_letter_or_digit(text[at]);
  const std::size_t end = at + size;
  const bool behind =
      end < text.size() && is_letter_or_digit(text[end]) && is_letter_or_digit(text[end - 1]);
  return before || behind;
}

}  // namespace

std::string PostgresUrl::hide_secrets(std::string text) const {
  for (const std::string& secret : secrets) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      if (is_part_of_word(text, at, secret.size())) {
        ++at;
      } else {
        text.replace(at, secret.size(), kHidden);
        at += kHidden.size();
      }
    }
  }
  return text;
}

bool is_postgres_url(std::string_view url) {
  return after_scheme(url).has_value();
}

std::string parse_postgres_url(std::string_view url, PostgresUrl& parsed) {
  const auto rest = after_scheme(url);
  if (!rest) return "is not a PostgreSQL URL";
  Parts parts;
  if (std::string problem = split(*rest, parts); !problem.empty()) return problem;
  if (std::string problem = parameters_problem(parts.parameters); !problem.empty()) return problem;
  parsed = {connection_of(parts), name_of(parts), secrets_of(parts)};
  return {};
}

}  // namespace responses_proxy
