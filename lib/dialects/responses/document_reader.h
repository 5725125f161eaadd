// Reads a JSON answer (or anything that is no event stream) while it passes.
//
// The last bytes are held back until the whole answer has been read, so that what it teaches is
// stored before the client can act on it; a larger answer than kReadable passes unread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/responses/answer_facts.h"

namespace responses_proxy {

class DocumentReader {
 public:
  static constexpr std::size_t kReadable = 16 * 1024 * 1024;
  // Up to this size an answer is forwarded in one piece.
  static constexpr std::size_t kHeld = 64 * 1024;

  enum class Learn : std::uint8_t { nothing, object, error };
  // `keep_output`: so many bytes of its output are kept for stored().
  DocumentReader(Learn learn, LearntAnswer& learnt, std::size_t keep_output = 0)
      : learn_(learn), learnt_(learnt), keep_output_(keep_output) {}

  // So the client calls the model. An answer of up to kReadable is then held until it is whole.
  void call_model(std::string_view alias) { alias_ = alias; }
  void read(std::string_view upstream_bytes, AnswerSink& sink);
  void finish(AnswerSink& sink);
  // Once it is whole.
  StoredResponse stored() const { return {learnt_.facts.response_id, output_, output_whole_}; }

 private:
  void take_output();

  Learn learn_;
  LearntAnswer& learnt_;
  std::string alias_;          // "" = the model's name stays
  std::string text_;           // the answer so far
  std::size_t forwarded_ = 0;  // of text_
  const std::size_t keep_output_;
  std::string output_;  // comma-separated JSON
  bool output_whole_ = false;
};

}  // namespace responses_proxy
