// What is changed in the body of a request that goes up as it came: spliced in its place, so that
// every other byte stays.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace responses_proxy {

// `body`, read once, with the items of `history` (if there is one) before its own and nothing to
// continue, and with `model` (if it is not "") for the value of its member "model", which is added
// where there is none. A body that is no JSON object stays as it is.
std::string changed_body(std::string_view body, std::optional<std::string_view> history,
                         std::string_view model);

}  // namespace responses_proxy
