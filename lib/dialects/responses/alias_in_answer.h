// The name that a client has for a model, put back into the answer: where the upstream says what
// the model is called there, the client reads the alias it has asked for.
//
// Role       Spliced in its place, so that every other byte stays. Only `model` of a response, and
//            of the response in an event that carries one, is such a place.
// Ownership  Pure functions; AliasedSink passes on to a sink that outlives it.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/answer.h"

namespace responses_proxy {

// `json` with `alias` for the value of its member "model"; unchanged where it has none that is a
// text.
std::string with_alias(std::string_view json, std::string_view alias);
// The same for the response inside of an event.
std::string with_alias_in_event(std::string_view json, std::string_view alias);

// Events on their way to the client.
class AliasedSink final : public AnswerSink {
 public:
  AliasedSink(AnswerSink& to, std::string_view alias) : to_(to), alias_(alias) {}

  void event(const AnswerEvent& event) override;
  void bytes(std::string_view bytes) override { to_.bytes(bytes); }

 private:
  AnswerSink& to_;
  const std::string_view alias_;
};

}  // namespace responses_proxy
