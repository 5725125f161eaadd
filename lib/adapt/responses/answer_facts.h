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

// The data of one streamed event, after which the answer stands as `state` says.
void learn_from_event(AnswerState state, simdjson::dom::element event, AnswerFacts& facts);

}  // namespace responses_proxy
