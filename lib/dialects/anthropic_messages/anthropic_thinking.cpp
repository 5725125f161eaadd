#include "dialects/anthropic_messages/anthropic_thinking.h"

#include <algorithm>
#include <variant>

#include "dialects/anthropic_messages/signed_thoughts.h"
#include "dialects/translation/known_effort.h"

namespace responses_proxy {

namespace {

using Mode = AnthropicThinking::Mode;

constexpr std::int64_t kLeastBudget = 1024;  // the API takes no less
constexpr std::int64_t kRoomForWords = 4096;

bool is_for_the_system(const ConversationTurn& turn) {
  const auto* message = std::get_if<const Message*>(&turn);
  return message != nullptr && (*message)->role != Role::user;
}

bool only_thinks(const AssistantTurn& turn) {
  return turn.calls.empty() &&
         std::all_of(turn.words.begin(), turn.words.end(), [](const auto& word) {
           return std::holds_alternative<const Reasoning*>(word);
         });
}

bool begins_with_thought(const AssistantTurn& turn, std::string_view origin) {
  const Reasoning* first = nullptr;
  if (!turn.words.empty()) {
    if (const auto* thought = std::get_if<const Reasoning*>(&turn.words.front())) first = *thought;
  }
  return first != nullptr && signed_thought_of(*first, origin).has_value();
}

// A round of calls has to begin with thoughts, where thinking is switched on by hand: those of
// another provider do not count.
bool goes_on_without_thoughts(const std::vector<ConversationTurn>& turns, std::string_view origin) {
  const AssistantTurn* first = nullptr;
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
    if (is_for_the_system(*turn)) continue;
    const auto* assistant = std::get_if<AssistantTurn>(&*turn);
    if (assistant != nullptr && only_thinks(*assistant)) continue;
    if (assistant == nullptr || assistant->calls.empty()) break;
    first = assistant;
  }
  return first != nullptr && !begins_with_thought(*first, origin);
}

void plan_budget(AnthropicThinking& thinking, const Conversation& conversation,
                 const AnthropicSettings& settings) {
  std::vector<std::string> efforts;
  for (const auto& [effort, tokens] : settings.budgets) efforts.push_back(effort);
  thinking.echoed = known_effort(efforts, conversation.effort);
  const auto found = std::find_if(settings.budgets.begin(), settings.budgets.end(),
                                  [&](const auto& one) { return one.first == thinking.echoed; });
  if (found == settings.budgets.end()) return;
  thinking.budget = std::max(found->second, kLeastBudget);
  if (conversation.max_output_tokens) {
    thinking.budget = std::min(thinking.budget, thinking.max_tokens / 2);
  } else {
    thinking.max_tokens = std::max(thinking.max_tokens, thinking.budget + kRoomForWords);
  }
  thinking.refused = thinking.budget < kLeastBudget;
  if (!thinking.refused) thinking.mode = Mode::budget;
}

}  // namespace

AnthropicThinking anthropic_thinking(const Conversation& conversation,
                                     const AnthropicSettings& settings,
                                     const std::vector<ConversationTurn>& turns,
                                     std::string_view origin) {
  AnthropicThinking thinking;
  thinking.max_tokens = conversation.max_output_tokens.value_or(settings.default_max_tokens);
  const std::string& asked = conversation.effort;
  const bool adaptive = settings.thinking == "adaptive";
  if (!adaptive && settings.thinking != "budget") return thinking;
  if (asked == "none") {
    if (settings.always_thinks) return thinking;
    thinking.mode = Mode::disabled;
    thinking.echoed = asked;
  } else if (adaptive) {
    if (asked.empty() && conversation.summary.empty()) return thinking;
    thinking.mode = Mode::adaptive;
    if (!asked.empty()) thinking.echoed = thinking.effort = known_effort(settings.efforts, asked);
  } else if (!asked.empty()) {
    thinking.refused = goes_on_without_thoughts(turns, origin);
    if (!thinking.refused) plan_budget(thinking, conversation, settings);
    if (thinking.refused) thinking.echoed = "none";
  }
  return thinking;
}

void put_thinking(JsonText& out, const AnthropicThinking& thinking,
                  const AnthropicSettings& settings) {
  switch (thinking.mode) {
    case Mode::unsaid:
      return;
    case Mode::disabled:
      out.key("thinking").begin_object().put("type", "disabled").end_object();
      return;
    case Mode::adaptive:
      out.key("thinking").begin_object().put("type", "adaptive");
      if (!settings.display.empty()) out.put("display", settings.display);
      out.end_object();
      return;
    case Mode::budget:
      out.key("thinking").begin_object().put("type", "enabled");
      out.put_number("budget_tokens", thinking.budget).end_object();
  }
}

}  // namespace responses_proxy
