// Reads a streamed answer while it passes. Only whole events go out: one that is cut off, or whose
// JSON is, is left out, and a terminal event that cannot be read is no end. Each event is looked at
// once, for its head and the places of what it teaches; only the one that ends the answer is parsed
// as a whole, to know that it can be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/responses/answer_facts.h"
#include "dialects/responses/kept_output.h"
#include "dialects/sse_framer.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

class StreamReader {
 public:
  // `keep_output`: so many bytes of output items for stored(). `alias`: what the client calls the
  // model; "" = as the upstream does. It outlives the reader.
  explicit StreamReader(LearntAnswer& learnt, std::size_t keep_output = 0,
                        std::string_view alias = {})
      : learnt_(learnt), alias_(alias), output_(keep_output), framer_(kMaxEventBytes) {
    learnt_.facts.complete = false;
  }

  void read(std::string_view upstream_bytes, AnswerSink& sink);
  void finish(AnswerSink& sink);
  // A response.failed event: clients ignore "error" events in mid-stream. Its code is one that
  // clients retry: "server_is_overloaded" or a limit would blame the key, and ends a Codex turn.
  bool failure(std::string_view message, AnswerSink& sink) const;
  void take(const UpstreamMessage& message, AnswerSink& sink);
  StoredResponse stored() const;
  std::size_t held_bytes() const { return framer_.rest().size() + output_.bytes(); }

 private:
  // By the events so far.
  enum class Kind : std::uint8_t {
    unknown,
    responses,  // one of them was of the Responses API
    foreign,    // none was, and one has no type
  };

  // Gives the event out unless no client could read it.
  void take(const SseEvent& event, AnswerSink& sink);
  void give(const AnswerEvent& event, const EventHead& head, AnswerSink& sink) const;
  bool look_at(const SseEvent& event, AnswerEvent& out);
  bool look_at(const EventHead& head, std::string_view type, std::string_view data);
  void follow(std::string_view type, const EventHead& head);
  void saw_foreign_event();
  void note_completeness();
  bool learn(std::string_view type, const EventHead& head, std::string_view data);

  LearntAnswer& learnt_;
  const std::string_view alias_;
  KeptOutput output_;
  SseFramer framer_;
  EventHead head_;  // of the event in hand
  Kind kind_ = Kind::unknown;
  bool last_left_out_ = false;  // the last event of all so far
};

}  // namespace responses_proxy
