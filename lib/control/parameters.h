// What the readers of query parameters share.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/error.h"

namespace responses_proxy::control {

// 400; `what` goes on behind "must be".
inline Error bad_parameter(std::string_view name, std::string_view what) {
  return Error::invalid_request("invalid_parameter", fmt::format("{} must be {}.", name, what),
                                std::string(name));
}

// nullopt: it is none, or none within the bounds.
template <class Number>
std::optional<Number> whole_number(std::string_view text,
                                   Number least = std::numeric_limits<Number>::min(),
                                   Number most = std::numeric_limits<Number>::max()) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc() || stop != end || number < least || number > most) return std::nullopt;
  return number;
}

}  // namespace responses_proxy::control
