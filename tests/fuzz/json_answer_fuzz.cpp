// A JSON answer, cut in two: the bytes pass unchanged, the facts do not depend on the cut.
#include <string>

#include "fuzz_input.h"
#include "unit/dialects/responses/read_answer.h"

namespace responses_proxy::fuzz {

namespace {

struct Read {
  std::string out;
  AnswerFacts facts;
};

Read read(DocumentReader::Learn learn, std::string_view first, std::string_view second) {
  testing::DocumentReading reader(learn);
  Read result;
  result.out += reader.read(first);
  result.out += reader.read(second);
  result.out += reader.finish();
  result.facts = reader.facts();
  require(result.facts.complete);
  return result;
}

}  // namespace

void run(FuzzInput input) {
  const auto learn = static_cast<DocumentReader::Learn>(input.byte() % 3);
  const std::size_t cut = input.byte();
  const std::string_view bytes = input.rest();
  const std::string_view first = bytes.substr(0, cut);
  const Read whole = read(learn, bytes, {});
  const Read parts = read(learn, first, bytes.substr(first.size()));
  require(whole.out == bytes);
  require(parts.out == bytes);
  require(whole.facts.response_id == parts.facts.response_id);
  require(whole.facts.conversation_id == parts.facts.conversation_id);
  require(whole.facts.error_code == parts.facts.error_code);
  require(whole.facts.usage == parts.facts.usage);
  require(whole.facts.state == parts.facts.state);
  if (learn == DocumentReader::Learn::nothing) require(whole.facts.response_id.empty());
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
