// Answers that are made here, after `route`: no upstream is asked, or what it says is only a part.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "responses_proxy/dialect.h"

namespace responses_proxy {

struct ExchangeContext;

namespace local_answers {

// JSON, with status 200, for what no upstream need be asked; nullopt: one has to.
std::optional<std::string> answer_to(const ExchangeContext& exchange);

// The same where no upstream has answered, or there is none to ask; nullopt: the error is the
// answer.
std::optional<std::string> answer_without_upstream(const ExchangeContext& exchange);

// What an upstream answers, with what is to be said beside it.
std::unique_ptr<Translation> added_to(const ExchangeContext& exchange,
                                      std::unique_ptr<Translation> answer);

}  // namespace local_answers
}  // namespace responses_proxy
