// AnswerReader: reads the body of one answer as it arrives, gives out what the client shall get,
// and notes what it teaches in a LearntAnswer that outlives it.
#pragma once

#include <string_view>

#include "responses_proxy/answer.h"

namespace responses_proxy {

class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  virtual void read(std::string_view upstream_bytes, AnswerSink& sink) = 0;
  // The upstream has ended well.
  virtual void finish(AnswerSink& sink) = 0;
  // The upstream has ended too early: see Translation::failure.
  virtual bool failure(std::string_view message, AnswerSink& sink) const = 0;
};

}  // namespace responses_proxy
