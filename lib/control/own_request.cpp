#include "control/own_request.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/percent_decoded.h"

namespace responses_proxy::control {

namespace {

// What stands before the first of those bytes, which is taken off with it.
std::string_view take_until(char end, std::string_view& text) {
  const std::size_t length = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, length);
  text.remove_prefix(std::min(length + 1, text.size()));
  return part;
}

std::string decoded(std::string_view part) {
  return percent_decoded(part).value_or(std::string(part));
}

// As forms have it.
std::string decoded_parameter(std::string_view part) {
  std::string text(part);
  std::replace(text.begin(), text.end(), '+', ' ');
  return decoded(text);
}

}  // namespace

httplib::Request own_request(const httplib::Request& request) {
  httplib::Request own = request;
  std::string_view rest = request.target;
  rest = take_until('#', rest);
  own.path = decoded(take_until('?', rest));
  own.params.clear();
  while (!rest.empty()) {
    std::string_view value = take_until('&', rest);
    const std::string_view name = take_until('=', value);
    if (!name.empty()) own.params.emplace(decoded_parameter(name), decoded_parameter(value));
  }
  return own;
}

}  // namespace responses_proxy::control
