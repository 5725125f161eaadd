// ReplayedResponse: a response that was kept, given again as the events it was made of.
//
// Role       Says to a ResponseEvents what the model has said then, in the same pieces: there is no
//            second writer of events. Of one that has failed, or was cancelled, only beginning and
//            end are given: what it has said until then is not kept.
// Ownership  Owns what it needs of the document.
// Cost       Linear in the document; each step() gives what came at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "responses_proxy/answer.h"

namespace responses_proxy {

class ReplayedResponse {
 public:
  // `document`: of a response whose making is over. `marks`: see event_marks.h; without, each text
  // comes in one piece. Events up to the number `starting_after` are left out; -1: none is.
  ReplayedResponse(std::string_view document, std::string_view marks, std::int64_t starting_after);
  ~ReplayedResponse();
  ReplayedResponse(const ReplayedResponse&) = delete;
  ReplayedResponse& operator=(const ReplayedResponse&) = delete;

  // Gives some events. false: those were the last.
  bool step(AnswerSink& sink);

 private:
  class Script;
  const std::unique_ptr<Script> script_;
};

}  // namespace responses_proxy
