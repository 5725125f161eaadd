// The efforts of the Responses API, for models that do not know all of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace responses_proxy {

// The one of `known` that is sent where `asked` was: itself, else the next higher, else the
// highest. "none" is never in another's place, nor another in its: "" then.
std::string known_effort(const std::vector<std::string>& known, std::string_view asked);

}  // namespace responses_proxy
