// Reads response id, usage and outcome out of the JSON a Responses upstream sends.
#pragma once

#include <simdjson.h>

#include <string_view>

#include "responses_proxy/provider_adapter.h"

namespace responses_proxy {

// A whole JSON answer: a response, a conversation, or anything else (then nothing is learnt).
void learn_from_object(simdjson::dom::element root, AnswerFacts& facts);

// The body of an error answer.
void learn_from_error(simdjson::dom::element root, AnswerFacts& facts);

// How an answer stands after a streamed event of that type; open: it is not the last one.
AnswerState state_after(std::string_view type);

// The data of one streamed event; its type is looked for in there if `type` is empty.
void learn_from_event(std::string_view type, simdjson::dom::element event, AnswerFacts& facts);

}  // namespace responses_proxy
