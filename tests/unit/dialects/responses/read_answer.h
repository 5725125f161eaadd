// Runs an AnswerReader over an answer that arrives in pieces.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/sse_event.h"
#include "dialects/responses/document_reader.h"
#include "dialects/responses/stream_reader.h"

namespace responses_proxy::testing {

// What came out, as an HTTP client gets it.
class CollectedAnswer final : public AnswerSink {
 public:
  void event(const AnswerEvent& event) override {
    out.append(event.wire.empty() && !event.json.empty() ? sse_event(event.type, event.json)
                                                         : std::string(event.wire));
  }
  void bytes(std::string_view bytes) override { out.append(bytes); }

  std::string out;
};

// A reader with what it learns; each call returns what it gave out.
template <class Reader>
class Reading {
 public:
  // `learn`: what a DocumentReader is to learn.
  template <class... Learn>
  explicit Reading(Learn... learn) : reader_(learn..., learnt_) {}

  std::string read(std::string_view bytes) {
    CollectedAnswer given;
    reader_.read(bytes, given);
    return std::move(given.out);
  }
  std::string finish() {
    CollectedAnswer given;
    reader_.finish(given);
    return std::move(given.out);
  }
  std::optional<std::string> failure(std::string_view message) const {
    CollectedAnswer given;
    if (!reader_.failure(message, given)) return std::nullopt;
    return std::move(given.out);
  }
  const AnswerFacts& facts() const { return learnt_.facts; }
  const ErrorWords& error() const { return learnt_.error; }

 private:
  LearntAnswer learnt_;
  Reader reader_;
};
using StreamReading = Reading<StreamReader>;
using DocumentReading = Reading<DocumentReader>;

struct ReadAnswer {
  std::string out;
  AnswerFacts facts;
  ErrorWords error;
};

template <class Reader>
ReadAnswer read_answer(Reading<Reader>& reading, const std::vector<std::string>& pieces) {
  ReadAnswer answer;
  for (const std::string& piece : pieces) answer.out += reading.read(piece);
  answer.out += reading.finish();
  answer.facts = reading.facts();
  answer.error = reading.error();
  return answer;
}

inline bool same_facts(const AnswerFacts& a, const AnswerFacts& b) {
  return a.response_id == b.response_id && a.conversation_id == b.conversation_id &&
         a.error_code == b.error_code && a.usage == b.usage && a.state == b.state &&
         a.complete == b.complete && a.substance == b.substance;
}

}  // namespace responses_proxy::testing
