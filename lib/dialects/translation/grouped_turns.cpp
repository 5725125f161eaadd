#include "dialects/translation/grouped_turns.h"

#include <string_view>
#include <unordered_map>
#include <utility>

namespace responses_proxy {

namespace {

void match(Call& call, CallOutput& output) {
  output.call = &call;
  call.outputs.push_back(&output);
}

// Which call each output belongs to: the last one before it with that id, else the first behind.
void match_outputs(std::vector<Item>& items) {
  std::unordered_map<std::string_view, Call*> last;
  std::unordered_map<std::string_view, std::vector<CallOutput*>> early;
  for (Item& item : items) {
    if (auto* call = std::get_if<Call>(&item)) {
      last[call->call_id] = call;
      if (const auto waiting = early.extract(call->call_id)) {
        for (CallOutput* output : waiting.mapped()) match(*call, *output);
      }
    } else if (auto* output = std::get_if<CallOutput>(&item)) {
      const auto before = last.find(output->call_id);
      before != last.end() ? match(*before->second, *output)
                           : early[output->call_id].push_back(output);
    }
  }
}

class Grouping {
 public:
  void operator()(const Reasoning& reasoning) {
    AssistantTurn& turn = assistant();
    turn.calls.empty() ? void(turn.words.emplace_back(&reasoning))
                       : void(turn.calls.emplace_back(&reasoning));
  }
  void operator()(const Message& message) {
    message.role == Role::assistant ? void(assistant().words.emplace_back(&message))
                                    : void(turns_.emplace_back(&message));
  }
  void operator()(Call& call) {
    assistant().calls.emplace_back(&call);
    call.turn = turns_.size();
  }
  void operator()(const CallOutput& output) {
    if (output.call == nullptr) turns_.emplace_back(&output);
    answered_ = answered_ || (output.call != nullptr && output.call->turn == turns_.size());
  }

  std::vector<ConversationTurn> take() { return std::move(turns_); }

 private:
  // The turn that is being spoken; a new one behind outputs and behind others.
  AssistantTurn& assistant() {
    const bool open = !turns_.empty() && std::holds_alternative<AssistantTurn>(turns_.back());
    if (!open || answered_) turns_.emplace_back(AssistantTurn{});
    answered_ = false;
    return std::get<AssistantTurn>(turns_.back());
  }

  std::vector<ConversationTurn> turns_;
  bool answered_ = false;  // an output of one of the last turn's calls has been passed
};

}  // namespace

std::vector<ConversationTurn> grouped_turns(Conversation& conversation) {
  match_outputs(conversation.items);
  Grouping grouping;
  for (Item& item : conversation.items) std::visit(grouping, item);
  return grouping.take();
}

}  // namespace responses_proxy
