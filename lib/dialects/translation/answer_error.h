// AnswerError: an upstream's error in the terms of the Responses API.
#pragma once

#include <string>
#include <string_view>

#include "dialects/responses/faults.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

struct AnswerError {
  int status = 502;  // that the client gets; of an error inside an answer: what it stands for
  ErrorWords words;
};

// Of an answer that cannot be read as what it should be.
AnswerError unreadable_answer(std::string_view why);

// The document for the client.
std::string error_json(const AnswerError& error);

// What it means for a request of `model`; `headers` are those it came with.
UpstreamFault fault_of(const AnswerError& error, std::string_view model, const Headers& headers,
                       WallTime now);

}  // namespace responses_proxy
