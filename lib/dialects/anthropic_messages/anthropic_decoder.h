// AnthropicDecoder: reads an answer of the Messages API.
// https://docs.anthropic.com/en/docs/build-with-claude/streaming
//
//   text, thinking, redacted_thinking, tool_use    what they are in the Responses API
//   blocks of the provider's own tools             left out: no such tool goes up
//   pause_turn                                     incomplete: only those tools pause a turn
//
// Errors     An error in place of an answer, or in the middle of one, is ResponseEvents::fail().
// Limits     kMaxBlocks blocks; further ones are dropped.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/translation/any_json.h"
#include "dialects/translation/translated_answer.h"

namespace responses_proxy {

class AnthropicDecoder final : public AnswerDecoder {
 public:
  static constexpr std::size_t kMaxBlocks = 4096;

  // `origin`: reasoning_origin() of the resource.
  explicit AnthropicDecoder(std::string origin) : origin_(std::move(origin)) {}

  void document(std::string_view json, ResponseEvents& out) override;
  void event(const SseEvent& event, ResponseEvents& out) override;
  void end(ResponseEvents& out) override;
  AnswerError error(int status, std::string_view body) const override;

 private:
  struct Block {
    std::int64_t index = 0;
    std::string type;
    std::string thought;
    std::string sealed;               // its signature; what is redacted
    std::optional<std::size_t> call;  // its number in ResponseEvents
    std::string input;                // of a call that begins with all of it
    bool open = true;
  };
  struct Tokens {
    std::int64_t input = 0;
    std::int64_t cache_read = 0;
    std::int64_t cache_creation = 0;
    std::int64_t output = 0;
  };

  void read_event(std::string_view type, simdjson::dom::element root, ResponseEvents& out);
  void begin_block(std::int64_t index, simdjson::dom::element content, ResponseEvents& out);
  void begin_call(Block& block, simdjson::dom::element content, ResponseEvents& out);
  void read_delta(Block* block, simdjson::dom::element delta, ResponseEvents& out);
  void end_block(Block& block, ResponseEvents& out);
  Block* block_at(simdjson::dom::element event);
  // Of a message or a delta of one.
  void read_stop(simdjson::dom::element holder);
  void read_usage_of(simdjson::dom::element holder, ResponseEvents& out);
  void finish(ResponseEvents& out);
  void refuse(ResponseEvents& out);

  const std::string origin_;
  AnyJson json_;
  std::vector<Block> blocks_;
  std::optional<std::size_t> open_call_;  // the last one
  Tokens tokens_;
  std::string stop_reason_;
  std::string category_;     // of a refusal
  std::string explanation_;  // the same
};

}  // namespace responses_proxy
