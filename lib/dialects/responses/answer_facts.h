// Reads response id, usage and outcome out of the JSON a Responses upstream sends.
#pragma once

#include <simdjson.h>

#include <string_view>

#include "dialects/responses/faults.h"
#include "responses_proxy/answer.h"

namespace responses_proxy {

struct LearntAnswer {
  AnswerFacts facts;
  ErrorWords error;  // of a failed answer, or of an error body
};

// A whole JSON answer: a response, a conversation, or anything else (then nothing is learnt). What
// nobody asks for is passed over unread.
void learn_from_object(std::string_view text, LearntAnswer& learnt);

// The body of an error answer.
void learn_from_error(simdjson::dom::element root, LearntAnswer& learnt);

// How an answer stands after a streamed event of that type; open: it is not the last one.
AnswerState state_after(std::string_view type);

// What an event of a stream tells of the answer.
void learn_from_event(const EventParts& event, AnswerFacts& facts);

}  // namespace responses_proxy
