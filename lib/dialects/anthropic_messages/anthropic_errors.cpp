#include "dialects/anthropic_messages/anthropic_errors.h"

#include <algorithm>
#include <array>

#include "dialects/translation/provider_errors.h"

namespace responses_proxy {

namespace {

struct Meaning {
  std::string_view type;
  int status;
  std::string_view code;
};

constexpr std::array<Meaning, 10> kMeanings{{
    {"invalid_request_error", 400, "invalid_request_error"},
    {"authentication_error", 401, "invalid_api_key"},
    {"billing_error", 402, "insufficient_quota"},
    {"permission_error", 403, "permission_denied"},
    {"not_found_error", 404, "not_found"},
    {"request_too_large", 413, "request_too_large"},
    {"rate_limit_error", 429, "rate_limit_exceeded"},
    {"api_error", 500, "server_error"},
    {"timeout_error", 504, "server_error"},
    {"overloaded_error", 503, "server_is_overloaded"},
}};

const Meaning* meaning_of(const ErrorWords& words) {
  // Where its words have been understood already the code is another.
  if (words.code != words.type) return nullptr;
  const auto* const found =
      std::find_if(kMeanings.begin(), kMeanings.end(),
                   [&](const Meaning& one) { return one.type == words.type; });
  return found == kMeanings.end() ? nullptr : found;
}

}  // namespace

AnswerError anthropic_error(int status, std::string_view body) {
  AnswerError error = provider_error(status, body);
  if (const Meaning* meaning = meaning_of(error.words)) error.words.code = meaning->code;
  return error;
}

AnswerError anthropic_error_in_band(simdjson::dom::element root) {
  AnswerError error = provider_error_in_band(root);
  if (const Meaning* meaning = meaning_of(error.words)) {
    error.status = meaning->status;
    error.words.code = meaning->code;
  }
  return error;
}

}  // namespace responses_proxy
