#include "dialects/responses/answer_facts.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/bounded_id.h"
#include "core/json_members.h"
#include "core/json_reader.h"
#include "dialects/usage.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

AnswerState state_of(std::string_view status) {
  if (status == "completed") return AnswerState::completed;
  if (status == "incomplete") return AnswerState::incomplete;
  if (status == "failed" || status == "cancelled") return AnswerState::failed;
  return AnswerState::open;  // queued, in_progress: a background response
}

void learn_item_id(std::string_view id, AnswerFacts& facts) {
  auto& ids = facts.item_ids;
  if (id.empty() || ids.size() >= kMaxItemIds) return;
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(bounded_id(id));
}

void learn_from_output(element response, AnswerFacts& facts) {
  bool stored = true;
  if (response["store"].get(stored) == simdjson::SUCCESS) facts.stored = stored;
  simdjson::dom::array output;
  if (response["output"].get(output) != simdjson::SUCCESS) return;
  for (const element item : output) learn_item_id(string_at(item, "id"), facts);
}

void learn_from_response(element response, AnswerFacts& facts) {
  if (const std::string_view id = string_at(response, "id"); !id.empty()) facts.response_id = id;
  element conversation;
  if (response["conversation"].get(conversation) == simdjson::SUCCESS) {
    facts.conversation_id = string_at(conversation, "id");
  }
  if (TokenUsage usage = read_usage(response); !usage.empty()) facts.usage = usage;
  bool background = false;
  if (response["background"].get(background) == simdjson::SUCCESS) facts.background = background;
  learn_from_output(response, facts);
}

}  // namespace

void learn_from_error(element root, LearntAnswer& learnt) {
  learnt.error = read_error_words(root, std::move(learnt.error));
  learnt.facts.error_code = learnt.error.code;
}

void learn_from_object(element root, LearntAnswer& learnt) {
  AnswerFacts& facts = learnt.facts;
  const std::string_view object = string_at(root, "object");
  if (object == "conversation") {
    facts.conversation_id = string_at(root, "id");
    return;
  }
  if (object.empty() || object == "response" || object == "response.compaction") {
    learn_from_response(root, facts);
  }
  facts.state = state_of(string_at(root, "status"));
  if (facts.state == AnswerState::failed) learn_from_error(root, learnt);
}

AnswerState state_after(std::string_view type) {
  if (type == "response.completed") return AnswerState::completed;
  if (type == "response.incomplete") return AnswerState::incomplete;
  if (type == "response.failed" || type == "error") return AnswerState::failed;
  return AnswerState::open;
}

void learn_from_event(const EventParts& event, AnswerFacts& facts) {
  if (std::string id = string_content(event.response_id); !id.empty()) {
    facts.response_id = std::move(id);
  }
  if (!event.conversation_id.empty()) facts.conversation_id = string_content(event.conversation_id);
  if (event.background) facts.background = *event.background;
  if (event.stored) facts.stored = *event.stored;
  for (const std::string& id : event.output_ids) learn_item_id(id, facts);
  learn_item_id(string_content(event.item_id), facts);
  if (event.usage.empty()) return;
  read_json(event.usage, [&facts](element object) {
    if (const TokenUsage usage = usage_of(object); !usage.empty()) facts.usage = usage;
  });
}

}  // namespace responses_proxy
