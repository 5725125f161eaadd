// Answers that are made here, after `route`: no upstream is asked, or what it says is only a part.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/task.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct ExchangeContext;

namespace local_answers {

// JSON, with status 200 ("": the client has it already), or an error; nullopt: an upstream has to
// be asked.
using LocalAnswer = std::optional<Result<std::string>>;

// For what no upstream need be asked. The request may have no route.
Task<LocalAnswer> answer_to(ExchangeContext& exchange);

// The same where no upstream has answered, or there is none to ask; nullopt: the error is the
// answer.
LocalAnswer answer_without_upstream(const ExchangeContext& exchange);

// The fields that such an answer has besides its type.
Headers headers_of(const ExchangeContext& exchange);

// What an upstream answers, with what is to be said beside it.
std::unique_ptr<Translation> added_to(const ExchangeContext& exchange,
                                      std::unique_ptr<Translation> answer);

}  // namespace local_answers
}  // namespace responses_proxy
