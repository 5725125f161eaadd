// SummaryDecoder: reads the answer to a request for a summary (compaction.h). Nothing of it is
// shown to the client: its text becomes one `compaction` item.
//
// Errors     What has failed, has been declined, or has no text is ResponseEvents::fail(). A
// summary
//            that the length limit has cut is one.
// Limits     Those of ResponseEvents.
#pragma once

#include <memory>

#include "dialects/translation/response_events.h"
#include "dialects/translation/translated_answer.h"
#include "responses_proxy/text_seal.h"

namespace responses_proxy {

class SummaryDecoder final : public AnswerDecoder {
 public:
  // `decoder` reads the wire format into `unseen`, which writes no events. `whole`: the summary
  // stands for all that was before it (Summary::whole). `seal` may be null.
  SummaryDecoder(std::unique_ptr<AnswerDecoder> decoder, ResponseEvents unseen, bool whole,
                 const TextSeal* seal);

  void document(std::string_view json, ResponseEvents& out) override;
  void event(const SseEvent& event, ResponseEvents& out) override;
  void end(ResponseEvents& out) override;
  AnswerError error(int status, std::string_view body) const override;

 private:
  void pass_on(ResponseEvents& out);
  void give_summary(ResponseEvents& out);

  const std::unique_ptr<AnswerDecoder> decoder_;
  ResponseEvents unseen_;
  const bool whole_;
  const TextSeal* const seal_;
};

}  // namespace responses_proxy
