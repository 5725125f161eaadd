// ResponseEvents: writes an answer of the Responses API, as the exact events of a stream or as one
// document.
//
// Role       A decoder says what the model does (speaks, thinks, calls), in order; this opens and
//            closes items and parts, numbers events and items, and keeps the output. A message or a
//            thought is closed when something else begins; calls stay open until they are closed,
//            or the answer ends, since some providers write several at once.
// Ownership  Owns all it needs of the request. Events go to the sink of the last give_to().
// Errors     None. After the end nothing is written any more.
// Limits     kMaxOutput bytes of output; then too_large() is true.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_text.h"
#include "dialects/translation/answer_error.h"
#include "dialects/translation/custom_input.h"
#include "dialects/translation/event_marks.h"
#include "dialects/translation/response_object.h"
#include "dialects/translation/tool_names.h"
#include "responses_proxy/answer.h"
#include "responses_proxy/clock.h"

namespace responses_proxy {

class ResponseEvents {
 public:
  static constexpr std::size_t kMaxOutput = 64 * 1024 * 1024;

  struct Options {
    bool events = true;           // false: only the document is asked for
    bool store = true;            // as the request says
    bool background = false;      // the same
    std::size_t keep_output = 0;  // Turn::keep_output
    const Clock* clock = nullptr;
    bool continued = true;  // false: nobody can continue the answer by its id
  };
  ResponseEvents(ResponseObject object, ToolNames names, Options options);

  void give_to(AnswerSink& sink) { sink_ = &sink; }

  // Before it begins: its first item stands for all that was before, and was made by a call of that
  // usage.
  void go_on_from(std::string encrypted_content, const ResponseUsage& usage);

  // The upstream has begun to answer. Whatever comes first does that, too.
  void begin();

  void text(std::string_view delta);
  void refusal(std::string_view delta);
  void end_message();

  void reasoning(std::string_view delta);
  // `encrypted_content`: what has to be sent back; "" = nothing. Makes an item of its own where
  // nothing was thought aloud.
  void end_reasoning(std::string_view encrypted_content = {});

  // `name`: as the upstream knows the tool. Returns the call's number.
  std::size_t begin_call(std::string_view name, std::string_view call_id);
  void arguments(std::size_t call, std::string_view delta);
  void end_call(std::size_t call);

  // The whole conversation as one item that only this proxy can read.
  void compaction(std::string_view encrypted_content);

  void set_usage(const ResponseUsage& usage);
  const std::optional<ResponseUsage>& usage() const { return usage_; }  // nullopt: not known

  // The end: one of these.
  void complete();
  void incomplete(std::string_view reason);
  // By the client.
  void interrupt(PartialItems partial);
  void fail(AnswerError error);
  // The upstream has ended too early: what a client of a stream is told, from the beginning where
  // nothing had begun. Nothing changes here.
  void fail_now(std::string_view message, AnswerSink& sink) const;

  bool ended() const { return facts_.state != AnswerState::open; }
  bool too_large() const { return facts_.event_too_large; }
  const std::optional<AnswerError>& error() const { return error_; }  // of fail()
  // After the end.
  const std::string& document() const { return document_; }
  const AnswerFacts& facts() const { return facts_; }
  AnswerFacts& facts() { return facts_; }
  StoredResponse stored() const;
  std::size_t held_bytes() const { return held_; }

 private:
  struct OpenItem {
    std::size_t index = 0;  // in the output
    std::string id;
  };
  struct OpenMessage : OpenItem {
    bool refusal = false;  // of the open part
    std::string text;      // of the open part
    std::string parts;     // those that are done, comma-separated
    std::size_t part = 0;  // index of the open one
  };
  struct OpenReasoning : OpenItem {
    std::string text;
  };
  struct OpenCall : OpenItem {
    ToolName tool;
    std::string call_id;
    std::string arguments;
    CustomInput input;  // in their place, of a custom tool
    bool open = true;
  };

  OpenItem open_item(std::string_view prefix);
  void open_part(bool refusal);
  void close_part();
  void close_message(std::string_view status);
  void close_call(OpenCall& call, std::string_view status);
  void close_input(OpenCall& call);
  void close_all(std::string_view status_of_the_last);
  void drop_open_items();
  void end_incomplete(std::string_view reason);
  void add_text(bool refusal, std::string_view delta);
  void write_arguments(const OpenCall& call, std::string_view delta);
  void item_added(const OpenItem& item, std::string_view json);
  void item_done(const OpenItem& item, std::string json);
  void end(AnswerState state, std::string_view type, const ResponseState& response);
  bool keep(std::size_t bytes);

  // Writes an event: event() begins it, give() ends it and gives it out.
  JsonText& event(std::string_view type);
  JsonText& event(std::string_view type, const OpenItem& item);
  void give(AnswerState state = AnswerState::open);
  std::string output() const;
  std::string usage_text() const;
  std::optional<std::int64_t> now() const;

  ResponseObject object_;
  ToolNames names_;
  Options options_;
  AnswerSink* sink_ = nullptr;
  AnswerFacts facts_;
  std::optional<ResponseUsage> usage_;
  struct Compacted {
    std::string encrypted_content;
    ResponseUsage usage;
  };
  std::optional<Compacted> compacted_;  // of go_on_from()
  std::optional<AnswerError> error_;
  std::string document_;
  std::vector<std::string> output_;  // by index; "" = not done yet
  EventMarks marks_;
  std::optional<OpenMessage> message_;
  std::optional<OpenReasoning> reasoning_;
  std::vector<OpenCall> calls_;
  std::size_t held_ = 0;
  bool begun_ = false;
  std::string_view type_;  // of the event that is being written
  JsonText json_;          // the event itself
};

}  // namespace responses_proxy
