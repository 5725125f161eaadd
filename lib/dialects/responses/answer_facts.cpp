#include "dialects/responses/answer_facts.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bounded_id.h"
#include "core/json_fields.h"
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

void learn_item_id(std::string_view id, std::vector<std::string>& ids) {
  if (id.empty() || ids.size() >= kMaxItemIds) return;
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(bounded_id(id));
}

class OutputIds final : public JsonElements {
 public:
  std::array<JsonField, 1> item{{{"id"}}};
  std::vector<std::string> ids;

  void restart() override { ids.clear(); }
  void take() override { learn_item_id(item[0].text, ids); }
};

// They are kept from one answer to the next, with the memory of their texts.
struct AnswerFields {
  OutputIds output;
  UsageFields usage;
  std::array<JsonField, 1> conversation{{{"id"}}};
  std::array<JsonField, 9> all{{{"object"},
                                {"id"},
                                {"status"},
                                {"conversation", conversation},
                                {"usage", usage.fields()},
                                {"response", {}, nullptr, JsonField::Take::place},
                                {"background"},
                                {"store"},
                                {"output", output.item, &output}}};
};

void learn_flag(const JsonField& field, bool& flag) {
  if (field.kind == JsonField::Kind::boolean) flag = field.flag;
}

TokenUsage usage_in(std::string_view response) {
  std::array<JsonField, 1> usage{{{"usage", {}, nullptr, JsonField::Take::place}}};
  read_json_fields(response, usage);
  return usage_of(usage[0].place);
}

void learn_usage(const AnswerFields& read, AnswerFacts& facts) {
  const JsonField& usage = read.all[4];
  const JsonField& response = read.all[5];
  TokenUsage tokens;
  if (usage.kind == JsonField::Kind::object) {
    tokens = read.usage.usage();
  } else if (response.kind == JsonField::Kind::object) {
    tokens = usage_in(response.place);
  }
  if (!tokens.empty()) facts.usage = tokens;
}

void learn_from_response(AnswerFields& read, AnswerFacts& facts) {
  const auto& [object, id, status, conversation, usage, response, background, store, output] =
      read.all;
  if (!id.text.empty()) facts.response_id = id.text;
  if (conversation.kind == JsonField::Kind::object) {
    facts.conversation_id = read.conversation[0].text;
  }
  learn_usage(read, facts);
  learn_flag(background, facts.background);
  learn_flag(store, facts.stored);
  if (output.kind != JsonField::Kind::none) facts.item_ids = std::move(read.output.ids);
}

}  // namespace

void learn_from_error(element root, LearntAnswer& learnt) {
  learnt.error = read_error_words(root, std::move(learnt.error));
  learnt.facts.error_code = learnt.error.code;
}

void learn_from_object(std::string_view text, LearntAnswer& learnt) {
  static thread_local AnswerFields read;  // not shared state: one per thread
  if (read_json_fields(text, read.all) != JsonOutcome::read) return;
  AnswerFacts& facts = learnt.facts;
  const auto& [object, id, status, conversation, usage, response, background, store, output] =
      read.all;
  if (object.text == "conversation") {
    facts.conversation_id = id.text;
    return;
  }
  if (object.text.empty() || object.text == "response" || object.text == "response.compaction") {
    learn_from_response(read, facts);
  }
  facts.state = state_of(status.text);
  if (facts.state != AnswerState::failed) return;
  read_json(text, [&learnt](element root) { learn_from_error(root, learnt); });
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
  for (const std::string& id : event.output_ids) learn_item_id(id, facts.item_ids);
  learn_item_id(string_content(event.item_id), facts.item_ids);
  if (event.usage.empty()) return;
  if (const TokenUsage usage = usage_of(event.usage); !usage.empty()) facts.usage = usage;
}

}  // namespace responses_proxy
