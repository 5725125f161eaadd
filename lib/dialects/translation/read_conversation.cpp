#include "dialects/translation/read_conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/json_members.h"
#include "dialects/translation/compaction.h"
#include "dialects/translation/read_items.h"
#include "dialects/translation/read_tools.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

std::optional<element> object_at(element object, std::string_view key) {
  element found;
  const bool there = object[key].get(found) == simdjson::SUCCESS && found.is_object();
  return there ? std::optional(found) : std::nullopt;
}

std::optional<bool> flag_at(element object, std::string_view key) {
  bool flag = false;
  return object[key].get(flag) == simdjson::SUCCESS ? std::optional(flag) : std::nullopt;
}

std::string number_text(element object, std::string_view key) {
  element number;
  const bool there = object[key].get(number) == simdjson::SUCCESS && number.is_number();
  return there ? std::string(simdjson::minify(number)) : std::string();
}

void read_format(element request, Conversation& conversation) {
  const auto text = object_at(request, "text");
  if (!text) return;
  conversation.verbosity = string_at(*text, "verbosity");
  const auto format = object_at(*text, "format");
  if (!format) return;
  const std::string_view type = string_at(*format, "type");
  TextFormat& into = conversation.format;
  if (type == "json_object") into.kind = TextFormat::Kind::json_object;
  if (type != "json_schema") return;
  into.kind = TextFormat::Kind::json_schema;
  into.name = string_at(*format, "name");
  into.description = string_at(*format, "description");
  into.schema = object_at(*format, "schema");
  into.strict = flag_at(*format, "strict");
}

bool is_given(element request, std::string_view key) {
  element value;
  return request[key].get(value) == simdjson::SUCCESS && !value.is_null();
}

// What is asked is lost otherwise, and another question answered.
std::optional<Error> refuse_wrong_types(element request) {
  if (!request["input"].is_array() && !is_text_or_absent(request, "input")) {
    return wrong_type("input", "a string or a list of items");
  }
  if (!is_text_or_absent(request, "instructions")) return wrong_type("instructions", "a string");
  return std::nullopt;
}

// What it continues has to be known: a silent fresh start would answer another question.
std::optional<Error> refuse_what_is_unknown(element request, bool history_known) {
  if (is_given(request, "prompt")) {
    return Error::invalid_request(
        "unsupported_parameter",
        "Stored prompts are not known to this model's provider: send instructions and input.",
        "prompt");
  }
  if (history_known) return std::nullopt;
  if (is_given(request, "previous_response_id")) {
    return Error::invalid_request("previous_response_not_found",
                                  fmt::format("Previous response with id '{}' not found.",
                                              string_at(request, "previous_response_id")),
                                  "previous_response_id");
  }
  if (is_given(request, "conversation")) {
    return Error::invalid_request(
        "conversation_not_found",
        "Conversation not found: another provider keeps it, if any does. Begin one for this "
        "model's "
        "provider with the header X-Proxy-Pool-ID of a pool that it is in, or send all items as "
        "`input`.",
        "conversation");
  }
  return std::nullopt;
}

std::optional<Error> read_items(const ReadRequest& given,
                                std::optional<simdjson::dom::array> history,
                                Conversation& conversation) {
  simdjson::dom::array input;
  std::string_view text;
  ItemReader items(conversation, given.seal);
  if (history) {
    if (auto error = items.read(*history, false)) return error;
  }
  const element request = conversation.request;
  if (request["input"].get(input) == simdjson::SUCCESS) return items.read(input, true);
  if (request["input"].get(text) == simdjson::SUCCESS) items.add_text(text);
  return std::nullopt;
}

bool ends_in_trigger(element request) {
  simdjson::dom::array input;
  std::string_view last;
  if (request["input"].get(input) != simdjson::SUCCESS) return false;
  for (const element item : input) last = string_at(item, "type");
  return last == kCompactionTrigger;
}

std::optional<Error> read_compaction(const ReadRequest& given, Conversation& conversation) {
  if (given.compacted != nullptr) {
    auto summary = opened_summary(given.compacted->encrypted_content, given.seal, "input");
    if (!summary) return summary.error();
    if (*summary) go_on_from(conversation, (*summary)->text);
    return std::nullopt;
  }
  if (given.standalone_compaction) {
    conversation.compaction = Compaction::standalone;
    conversation.stream = false;
  } else if (ends_in_trigger(conversation.request)) {
    conversation.compaction = Compaction::wished;
  } else if (is_over_threshold(conversation)) {
    conversation.compaction = Compaction::too_long;
  }
  if (conversation.compaction != Compaction::none) ask_for_summary(conversation);
  return std::nullopt;
}

std::optional<Error> read_all(const ReadRequest& given, element request,
                              std::optional<simdjson::dom::array> history,
                              Conversation& conversation) {
  if (auto error = refuse_wrong_types(request)) return error;
  conversation = read_options(request);
  simdjson::dom::array tools;
  simdjson::dom::array input;
  ToolReader tool_reader(conversation);
  if (request["tools"].get(tools) == simdjson::SUCCESS) tool_reader.add(tools);
  // What a later turn adds stands behind what was there.
  if (history) tool_reader.add_from(*history);
  if (request["input"].get(input) == simdjson::SUCCESS) tool_reader.add_from(input);
  if (auto error = tool_reader.read()) return error;
  if (auto error = read_items(given, history, conversation)) return error;
  return read_compaction(given, conversation);
}

bool repeats_a_key(simdjson::dom::object object) {
  std::vector<std::string_view> keys;
  for (const auto member : object) keys.push_back(member.key);
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

// Of members with the same key the last counts, as for whoever else reads the body; this parser
// would find the first.
bool read_body(std::string_view body, JsonDocument& into) {
  simdjson::dom::object object;
  if (!into.read(body) || into.root().get(object) != simdjson::SUCCESS) return false;
  if (!repeats_a_key(object)) return true;
  auto members = read_members(body);
  if (!members) return false;
  drop_overridden(*members);
  return into.read(join_members(*members));
}

}  // namespace

Conversation read_options(element request) {
  Conversation conversation;
  conversation.request = request;
  conversation.model = string_at(request, "model");
  conversation.instructions = string_at(request, "instructions");
  conversation.user = string_at(request, "user");
  conversation.safety_identifier = string_at(request, "safety_identifier");
  conversation.prompt_cache_key = string_at(request, "prompt_cache_key");
  conversation.parallel_tool_calls = flag_at(request, "parallel_tool_calls");
  conversation.stream = flag_at(request, "stream").value_or(false);
  conversation.store = flag_at(request, "store").value_or(true);
  std::int64_t tokens = 0;
  if (request["max_output_tokens"].get(tokens) == simdjson::SUCCESS && tokens > 0) {
    conversation.max_output_tokens = tokens;
  }
  conversation.temperature = number_text(request, "temperature");
  conversation.top_p = number_text(request, "top_p");
  if (const auto reasoning = object_at(request, "reasoning")) {
    conversation.effort = string_at(*reasoning, "effort");
    conversation.summary = string_at(*reasoning, "summary");
  }
  read_format(request, conversation);
  return conversation;
}

Result<std::unique_ptr<ParsedRequest>> read_conversation(const ReadRequest& given) {
  const auto& history = given.history;
  auto parsed = std::make_unique<ParsedRequest>();
  if (!read_body(given.body, parsed->body_)) {
    return Error::invalid_request("invalid_json",
                                  "The body holds JSON that cannot be translated for this model's "
                                  "provider: numbers that are too large, or too deep.");
  }
  const element request = parsed->body_.root();
  if (auto error = refuse_what_is_unknown(request, history.has_value())) return *error;
  std::optional<simdjson::dom::array> items;
  if (history && !history->empty()) {
    simdjson::dom::array array;
    const std::string text = std::string("[").append(*history).append("]");
    if (!parsed->history_.read(text) || parsed->history_.root().get(array) != simdjson::SUCCESS) {
      return Error::unavailable(500, "broken_history", "The stored conversation cannot be read.");
    }
    items = array;
  }
  if (auto error = read_all(given, request, items, parsed->conversation_)) return *error;
  return parsed;
}

}  // namespace responses_proxy
