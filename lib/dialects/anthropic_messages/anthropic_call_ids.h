// Ids of calls for the Messages API, which takes only [a-zA-Z0-9_-], and each of them once:
//
//   toolu_01AbC        as it is
//   functions.f:0      rp-functions-2ef-3a0: what it does not take in hexadecimal
//   the same again     rp2-functions-2ef-3a0
//
// What begins with "rp" itself is written so, too: each has one id that it came from.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace responses_proxy {

class AnthropicCallIds {
 public:
  // For the next call with that id; views of it have to stay.
  std::string next(std::string_view id);

 private:
  std::unordered_map<std::string_view, std::size_t> used_;
};

// The id that it was made from.
std::string original_call_id(std::string_view id);

}  // namespace responses_proxy
