// What is changed in the body of a request that goes up as it came: spliced in its place, so that
// every other byte stays.
#pragma once

#include <string>
#include <string_view>

namespace responses_proxy {

// `body` with `model` for the value of its member "model"; added where there is none. A body that
// is no JSON object stays as it is.
std::string with_model(std::string_view body, std::string_view model);

// `body` with the items of `history` before its own, and nothing to continue.
std::string with_history(std::string_view body, std::string_view history);

}  // namespace responses_proxy
