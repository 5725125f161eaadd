// Who speaks after whom, in the order that every other wire format asks for: what an assistant has
// said and called is one turn, and what its calls have given back follows at once.
//
//   calls in a row            one turn; never across a message of somebody else
//   text between a call and its output
//                             in front of the calls; of somebody else: behind the outputs
//   outputs in any order, several for one call
//                             at their call, in their order
//   an output without a call  a turn of the user's
//   a call without an output  stays without; the dialect says "aborted"
//
// Cost       Linear in the items.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "dialects/translation/conversation.h"

namespace responses_proxy {

// What it has said, then what it has called. Words that came behind a call stand in front of it;
// thoughts stay where they were.
struct AssistantTurn {
  std::vector<std::variant<const Reasoning*, const Message*>> words;
  std::vector<std::variant<const Reasoning*, const Call*>> calls;  // begins with a call
};

// An AssistantTurn, a message of somebody else, or an output without a call.
using ConversationTurn = std::variant<AssistantTurn, const Message*, const CallOutput*>;

// What stands for the output of a call that was never answered.
inline constexpr std::string_view kAborted = "aborted";

// Points into conversation.items, and sets the outputs of its calls.
std::vector<ConversationTurn> grouped_turns(Conversation& conversation);

}  // namespace responses_proxy
