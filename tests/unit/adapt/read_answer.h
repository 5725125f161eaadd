// Runs an AnswerReader over an answer that arrives in pieces.
#pragma once

#include <string>
#include <vector>

#include "responses_proxy/provider_adapter.h"

namespace responses_proxy::testing {

struct ReadAnswer {
  std::string out;
  AnswerFacts facts;
};

inline ReadAnswer read_answer(AnswerReader& reader, const std::vector<std::string>& pieces) {
  ReadAnswer answer;
  for (const std::string& piece : pieces) answer.out += reader.read(piece);
  answer.out += reader.finish();
  answer.facts = reader.facts();
  return answer;
}

inline bool same_facts(const AnswerFacts& a, const AnswerFacts& b) {
  return a.response_id == b.response_id && a.conversation_id == b.conversation_id &&
         a.error_code == b.error_code && a.usage == b.usage && a.state == b.state &&
         a.complete == b.complete && a.substance == b.substance;
}

}  // namespace responses_proxy::testing
