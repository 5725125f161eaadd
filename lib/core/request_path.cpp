#include "core/request_path.h"

#include <algorithm>
#include <string>

#include "core/percent_decoded.h"

namespace responses_proxy {

namespace {

// "..;x" is ".." to servers that know path parameters (RFC 3986 section 3.3).
bool is_dot_segment(std::string_view segment) {
  const std::string_view name = segment.substr(0, segment.find(';'));
  return name == "." || name == "..";
}

bool is_plain_decoded(std::string_view segment) {
  return !is_dot_segment(segment) && std::none_of(segment.begin(), segment.end(), [](char c) {
    return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
  });
}

bool is_plain(std::string_view segment) {
  if (segment.find('%') == std::string_view::npos) return is_plain_decoded(segment);
  const auto decoded = percent_decoded(segment);
  return decoded && is_plain_decoded(*decoded);
}

}  // namespace

std::optional<Error> path_problem(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (!is_plain(path.substr(0, slash))) {
      return Error::invalid_request(
          "invalid_path",
          "The path is refused: its segments may not be \".\" or \"..\", nor hold an encoded "
          "\"/\", "
          "a \"\\\", a control character, or a \"%\" without two hexadecimal digits.");
    }
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return std::nullopt;
}

}  // namespace responses_proxy
