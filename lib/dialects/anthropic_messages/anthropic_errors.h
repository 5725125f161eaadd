// What an error of the Messages API means.
// https://docs.anthropic.com/en/api/errors
//
//   {"type":"error","error":{"type","message"}}    as a body, or as an event of a stream
//
// Its types get the codes that clients of the Responses API know. Servers of other makers that
// speak this format say the rest as they do in theirs: it is read as provider_error() reads it.
#pragma once

#include <simdjson.h>

#include <string_view>

#include "dialects/translation/answer_error.h"

namespace responses_proxy {

// Of the body of an answer with that status.
AnswerError anthropic_error(int status, std::string_view body);
// Of an event or a document that is an error; the status is the one its type stands for.
AnswerError anthropic_error_in_band(simdjson::dom::element root);

}  // namespace responses_proxy
