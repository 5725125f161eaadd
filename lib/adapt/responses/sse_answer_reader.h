// Reads a streamed answer while it passes. Only whole events go out: one that is cut off, or whose
// JSON is, is left out, and a terminal event that cannot be read is no end. Of each event the head
// is read; only those that can teach something (the first for the id, the last for usage) are
// parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapt/responses/event_head.h"
#include "adapt/sse_framer.h"
#include "responses_proxy/provider_adapter.h"

namespace responses_proxy {

class SseAnswerReader final : public AnswerReader {
 public:
  SseAnswerReader() : framer_(kMaxEventBytes) { facts_.complete = false; }

  std::string_view read(std::string_view upstream_bytes) override;
  bool event_stream() const override { return true; }
  std::string_view finish() override;
  // A response.failed event: clients ignore "error" events in mid-stream. Its code is one that
  // clients retry: "server_is_overloaded" or a limit would blame the key, and ends a Codex turn.
  std::optional<std::string> failure(std::string_view message) const override;
  const AnswerFacts& facts() const override { return facts_; }

 private:
  bool look_at(const SseEvent& event);
  void follow(std::string_view type, const EventHead& head, std::string_view data);
  bool learn(std::string_view type, const EventHead& head, std::string_view data);
  void keep_or_leave_out(const SseEvent& event, bool keep);
  std::string_view without_left_out(std::string_view events);

  SseFramer framer_;
  bool responses_stream_ = false;           // an event of the Responses API was seen
  std::int64_t next_sequence_ = 0;          // sequence_number of the event that comes next
  bool other_dialect_ = false;              // events without a type: not a Responses stream
  bool last_left_out_ = false;              // the last event of all so far
  std::vector<std::string_view> left_out_;  // of the events in hand
  std::string given_;                       // the events in hand without those
  AnswerFacts facts_;
};

}  // namespace responses_proxy
