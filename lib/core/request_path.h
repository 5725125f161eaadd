// Which request paths are served at all; the same on both planes.
#pragma once

#include <optional>
#include <string_view>

#include "responses_proxy/error.h"

namespace responses_proxy {

// What makes a path one that two readers could take differently, so that a rule for one path could
// be passed under another name. Decided on each segment after one percent-decoding: "." and ".."
// (also before a ";"), a "/" that was encoded, "\", control characters, and a "%" without two
// hexadecimal digits. Status 400; none if the path is plain. `path` is without the query.
std::optional<Error> path_problem(std::string_view path);

}  // namespace responses_proxy
