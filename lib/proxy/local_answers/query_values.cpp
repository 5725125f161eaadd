#include "proxy/local_answers/query_values.h"

#include <algorithm>

#include "core/percent_decoded.h"

namespace responses_proxy::local_answers {

namespace {

// A form's encoding: a plus is a blank.
std::string decoded(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '+', ' ');
  return percent_decoded(plain).value_or(plain);
}

}  // namespace

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  std::optional<std::string> value;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (decoded(pair.substr(0, equals)) != name) continue;
    value = decoded(pair.substr(std::min(equals + 1, pair.size())));
  }
  return value;
}

}  // namespace responses_proxy::local_answers
