#include "dialects/translation/answer_error.h"

#include <fmt/format.h>

#include "responses_proxy/error.h"

namespace responses_proxy {

AnswerError unreadable_answer(std::string_view why) {
  AnswerError error;
  error.words.code = error.words.type = "server_error";
  error.words.message = fmt::format("The provider's answer cannot be read: {}.", why);
  return error;
}

std::string error_json(const AnswerError& error) {
  const ErrorWords& words = error.words;
  Error told{error.status, words.type, words.code, words.message, {}};
  if (told.type.empty()) {
    told.type = error.status < 500 ? "invalid_request_error" : "server_error";
  }
  if (told.code.empty()) told.code = told.type;
  if (told.message.empty()) {
    told.message = fmt::format("The provider has answered {} without a reason.", error.status);
  }
  return told.to_json();
}

UpstreamFault fault_of(const AnswerError& error, std::string_view model, const Headers& headers,
                       WallTime now) {
  UpstreamFault fault = fault_of_error(error.status, error.words, model);
  fault.id_unknown = false;  // such an upstream knows no ids
  add_wishes(fault, error.words, headers, now);
  return fault;
}

}  // namespace responses_proxy
