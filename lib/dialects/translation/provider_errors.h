// What an error of a provider means, where nothing says in which words: those that speak Chat
// Completions agree on little more than that there is a member `error`, and servers of other makers
// that speak the Messages API say theirs in either way.
//
//   {"error":{"message","type","param","code"}}    code: a text, or a number
//   [{"error":{...}}]                              Google
//   {"error":"..."}, {"message":"..."}, {"detail":"..."}, a text that is no JSON
//   {"detail":[{"msg":"..."}]}                     FastAPI
//   {"object":"error","message":"..."}             older vLLM
//
// A context that is too long has no common word: it is known by code, type and the usual wordings,
// under any status but 429.
#pragma once

#include <simdjson.h>

#include <string_view>

#include "dialects/translation/answer_error.h"

namespace responses_proxy {

// Of the body of an answer with that status.
AnswerError provider_error(int status, std::string_view body);
// Of an event or a document that holds an error; the status is the one its code stands for, as
// number, as text or in words. What is not known to be the client's fault is the provider's.
AnswerError provider_error_in_band(simdjson::dom::element root);
// Whether there is an error in it at all.
bool holds_error(simdjson::dom::element root);

}  // namespace responses_proxy
