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
  // A response.failed event: clients ignore "error" events in mid-stream. Its code is one that
  // clients retry: "server_is_overloaded" or a limit would blame the key, and ends a Codex turn.
  // nullopt once the bytes are no longer read: they may stand in the middle of an event.
  std::optional<std::string> failure(std::string_view message) const override;
  const AnswerFacts& facts() const override { return facts_; }

 private:
  void look_at(const SseEvent& event);

  SseFramer framer_;
  bool unreadable_ = false;         // an event was too long: the rest passes as it comes
  bool responses_stream_ = false;   // an event of the Responses API was seen
  std::int64_t next_sequence_ = 0;  // sequence_number of the event that comes next
  bool other_dialect_ = false;      // events without a type: not a Responses stream
  std::string last_;                // what finish(), or the last read(), gave out
  AnswerFacts facts_;
};

}  // namespace responses_proxy
