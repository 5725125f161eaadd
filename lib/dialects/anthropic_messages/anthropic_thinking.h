// How much a model may think, and say, as the Messages API wants to be told.
//
//   up to generation 4.5   a budget of tokens, part of max_tokens
//   from 4.6 on            {"type":"adaptive"}, and an effort in output_config
//
// Ownership  Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_text.h"
#include "dialects/anthropic_messages/anthropic_settings.h"
#include "dialects/translation/conversation.h"
#include "dialects/translation/grouped_turns.h"

namespace responses_proxy {

struct AnthropicThinking {
  enum class Mode : std::uint8_t { unsaid, disabled, adaptive, budget };
  Mode mode = Mode::unsaid;
  std::int64_t budget = 0;
  std::string effort;  // of output_config; "" = not said
  std::string echoed;  // the effort that the client is told
  std::int64_t max_tokens = 0;
  bool refused = false;  // it was asked for, but cannot be

  bool on() const { return mode == Mode::adaptive || mode == Mode::budget; }
};

// `turns`: what the model has to go on from; `origin`: reasoning_origin() of the resource.
AnthropicThinking anthropic_thinking(const Conversation& conversation,
                                     const AnthropicSettings& settings,
                                     const std::vector<ConversationTurn>& turns,
                                     std::string_view origin);

// The member `thinking`, if there is one.
void put_thinking(JsonText& out, const AnthropicThinking& thinking,
                  const AnthropicSettings& settings);

}  // namespace responses_proxy
