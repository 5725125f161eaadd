// ChatDecoder: reads an answer of the Chat Completions API, as every provider writes it.
// https://platform.openai.com/docs/api-reference/chat-streaming
//
// Errors     An error in place of an answer, or in the middle of one, is ResponseEvents::fail().
// Limits     kMaxCalls calls; what a provider sends of further ones is dropped. Of the whole
// messages
//            in a stream one is kept, as large as an event may be.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/chat_completions/reasoning_details.h"
#include "dialects/chat_completions/think_tags.h"
#include "dialects/translation/any_json.h"
#include "dialects/translation/translated_answer.h"

namespace responses_proxy {

class ChatDecoder final : public AnswerDecoder {
 public:
  static constexpr std::size_t kMaxCalls = 1024;

  struct Options {
    std::string origin;       // reasoning_origin() of the resource
    bool think_tags = false;  // ChatSettings::think_tags
  };
  explicit ChatDecoder(Options options) : options_(std::move(options)) {}

  void document(std::string_view json, ResponseEvents& out) override;
  void event(const SseEvent& event, ResponseEvents& out) override;
  void end(ResponseEvents& out) override;
  AnswerError error(int status, std::string_view body) const override;

 private:
  struct PendingCall {
    std::optional<std::int64_t> index;
    std::string id;
    std::string name;
    std::string arguments;              // until its name is known
    bool has_arguments = false;         // some have come
    std::optional<std::size_t> number;  // in ResponseEvents, from then on
  };

  enum class Extent : std::uint8_t { piece, whole };  // of a message

  // What stands around a message. The choice; nothing if there is none, or it has failed.
  std::optional<simdjson::dom::element> read_chunk(simdjson::dom::element root,
                                                   ResponseEvents& out);
  void read_piece(simdjson::dom::element choice, ResponseEvents& out);
  void read_whole_message(ResponseEvents& out);
  void read_message(simdjson::dom::element message, Extent extent, ResponseEvents& out);
  void read_thoughts(simdjson::dom::element message, ResponseEvents& out);
  void read_content(simdjson::dom::element message, ResponseEvents& out);
  void give_held_tags(ResponseEvents& out);
  void say(std::string_view text, ResponseEvents& out);
  void end_thoughts(ResponseEvents& out);
  void read_call(simdjson::dom::element call, Extent extent, ResponseEvents& out);
  PendingCall* pending(simdjson::dom::element call);
  PendingCall* known_call(std::optional<std::int64_t> index, std::string_view id);
  static bool begins_anew(const PendingCall& known, std::optional<std::int64_t> index,
                          std::string_view id, std::string_view name);
  PendingCall* new_call(std::optional<std::int64_t> index);
  bool is_taken(const PendingCall& call) const;
  void read_usage_of(simdjson::dom::element holder, ResponseEvents& out);
  void finish(ResponseEvents& out);

  const Options options_;
  AnyJson json_;
  ThinkTags tags_;
  ReasoningDetails details_;
  std::vector<PendingCall> calls_;
  std::string finish_reason_;
  std::string whole_message_;  // JSON; of the stream's last event that has one
};

}  // namespace responses_proxy
