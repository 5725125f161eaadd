// Reads a streamed answer while it passes: only whole events go out, and only the events that can
// teach something (the first for the id, the last for usage) are parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapt/sse_framer.h"
#include "responses_proxy/provider_adapter.h"

namespace responses_proxy {

class SseAnswerReader final : public AnswerReader {
 public:
  SseAnswerReader() : framer_(kMaxEventBytes) { facts_.complete = false; }

  std::string_view read(std::string_view upstream_bytes) override;
  std::string_view finish() override;
  // A response.failed event: clients ignore "error" events in mid-stream.
  std::optional<std::string> failure(std::string_view message) const override;
  const AnswerFacts& facts() const override { return facts_; }

 private:
  void look_at(const SseEvent& event);

  SseFramer framer_;
  bool unreadable_ = false;            // an event was too long: the rest passes as it comes
  std::int64_t responses_events_ = 0;  // seen so far: the next sequence_number
  bool other_dialect_ = false;         // events without a type: not a Responses stream
  std::string last_;                   // what finish(), or the last read(), gave out
  AnswerFacts facts_;
};

}  // namespace responses_proxy
