#include "sqlite/sqlite_url.h"

#include <fmt/format.h>

#include "responses_proxy/request.h"

namespace responses_proxy {

std::string parse_sqlite_url(std::string_view url, std::string& path) {
  const auto end = url.find("://");
  const std::string_view scheme = url.substr(0, end == std::string_view::npos ? 0 : end);
  if (!equals_ignore_case(scheme.substr(0, scheme.find('+')), "sqlite")) {
    // What follows the scheme may hold a password.
    const std::string instead = scheme.empty() ? "" : fmt::format(", not with {}://", scheme);
    return "must start with sqlite:/// or postgresql://" + instead;
  }
  const std::string_view rest = url.substr(end + 3);
  if (!rest.starts_with('/')) return "has a host: SQLite paths follow three slashes";
  const std::string_view file = rest.substr(1);
  if (const auto question = file.find('?'); question != std::string_view::npos) {
    return "has parameters, and SQLite takes none here: it ends before the ?";
  }
  if (file.empty() || file.ends_with('/')) return "names no file";
  if (file == ":memory:") return "names no file, and every connection would have data of its own";
  path = file;
  return {};
}

}  // namespace responses_proxy
