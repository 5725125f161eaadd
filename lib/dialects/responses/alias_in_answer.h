// The name that a client has for a model, put back into the answer: where the upstream says what
// the model is called there, the client reads the alias it has asked for.
//
// Role       Spliced in its place, so that every other byte stays. Only `model` of a response, and
//            of the response in an event that carries one, is such a place.
// Ownership  Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/answer.h"

namespace responses_proxy {

// `json` with `alias` for the value of its member "model"; unchanged where it has none that is a
// text.
std::string with_alias(std::string_view json, std::string_view alias);

// Gives the event out with `alias` in the place of `model`, which stands in its JSON; as it is
// where that is no text.
void give_with_alias(const AnswerEvent& event, std::string_view model, std::string_view alias,
                     AnswerSink& sink);

}  // namespace responses_proxy
