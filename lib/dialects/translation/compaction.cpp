#include "dialects/translation/compaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <variant>

#include "core/base64.h"
#include "core/json_reader.h"
#include "core/json_text.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

constexpr std::string_view kSealed = "rpc1:";
constexpr std::string_view kOpen = "rpc0:";
constexpr std::int64_t kBytesOfToken = 4;

constexpr std::string_view kWish =
    "This conversation has grown too long to go on with. Write a summary that takes its place: "
    "whoever goes on from here reads it and nothing else of what was said above. Put down what the "
    "user wants, with every wish and limit that still holds; what was decided, and why; what has "
    "been done and what came of it, with the exact names of files, commands, numbers and "
    "identifiers that are still needed; what is under way, and what comes next. Leave out what no "
    "longer matters. Write the summary as plain text and nothing else, and call no tool.";
constexpr std::string_view kHeading =
    "The conversation so far had grown too long. This is a summary of it; go on from here:\n\n";

std::string written(const Summary& summary) {
  JsonText json;
  json.begin_object().put("summary", summary.text);
  if (summary.whole) json.put_boolean("whole", true);
  return json.end_object().take();
}

std::optional<Summary> read_summary(std::string_view json) {
  std::optional<Summary> summary;
  read_json(json, [&](element root) {
    std::string_view text;
    if (root["summary"].get(text) != simdjson::SUCCESS) return;
    bool whole = false;
    const bool said = root["whole"].get(whole) == simdjson::SUCCESS;
    summary = Summary{std::string(text), said && whole};
  });
  return summary;
}

Error cannot_be_opened(std::string param) {
  return Error::invalid_request(
      "invalid_encrypted_content",
      "The summary of the conversation in this compaction item cannot be opened: it was sealed "
      "with a PROXY_SECRET_ENCRYPTION_KEY that this proxy does not have, or it has been changed. "
      "Set the key it was sealed with, or begin a new conversation.",
      std::move(param));
}

std::size_t bytes_of(const std::vector<Part>& parts, std::int64_t& media) {
  std::size_t bytes = 0;
  for (const Part& part : parts) {
    const bool is_text = part.kind == Part::Kind::text || part.kind == Part::Kind::refusal;
    bytes += part.text.size();
    media += is_text ? 0 : 1;
  }
  return bytes;
}

// Of all that has to go up.
std::int64_t estimated_tokens(const Conversation& conversation) {
  std::size_t bytes = conversation.instructions.size();
  std::int64_t media = 0;
  for (const ToolDeclaration& tool : conversation.tools) {
    bytes += tool.description.size() + tool.parameters.size();
  }
  for (const Item& item : conversation.items) {
    if (const auto* message = std::get_if<Message>(&item)) {
      bytes += bytes_of(message->parts, media);
    } else if (const auto* output = std::get_if<CallOutput>(&item)) {
      bytes += bytes_of(output->parts, media);
    } else if (const auto* call = std::get_if<Call>(&item)) {
      bytes += call->wire_name.size() + call->arguments.size();
    } else {
      bytes += std::get<Reasoning>(item).text.size();
    }
  }
  return static_cast<std::int64_t>(bytes) / kBytesOfToken + media * kTokensOfImage;
}

std::optional<std::int64_t> threshold_of(element request) {
  simdjson::dom::array entries;
  if (request["context_management"].get(entries) != simdjson::SUCCESS) return std::nullopt;
  for (const element entry : entries) {
    std::int64_t tokens = 0;
    const bool given = entry["compact_threshold"].get(tokens) == simdjson::SUCCESS && tokens > 0;
    if (given && string_at(entry, "type") == "compaction") return tokens;
  }
  return std::nullopt;
}

// What only the client has said is not made shorter by telling it again.
bool has_been_answered(const Item& item) {
  const auto* message = std::get_if<Message>(&item);
  return message == nullptr || message->role == Role::assistant;
}

// Where what is still to be answered begins: messages behind the last words of the assistant, or
// the last calls, with what they were thought of and what came of them.
std::size_t first_unanswered(const std::vector<Item>& items) {
  std::size_t first = items.size();
  bool calls_seen = false;
  for (; first > 0; --first) {
    const Item& item = items[first - 1];
    const bool call = std::holds_alternative<Call>(item);
    const bool thought_of_call = calls_seen && std::holds_alternative<Reasoning>(item);
    const bool before_calls = calls_seen && !call && !thought_of_call;
    const auto* message = std::get_if<Message>(&item);
    const bool answer = message != nullptr ? message->role == Role::assistant
                                           : std::holds_alternative<Reasoning>(item) && !calls_seen;
    if (before_calls || answer) break;
    calls_seen = calls_seen || call;
  }
  return first;
}

}  // namespace

bool is_compaction(std::string_view item_type) {
  return item_type == "compaction" || item_type == "compaction_summary";
}

std::optional<std::string> sealed_summary(const Summary& summary, const TextSeal* seal) {
  const std::string text = written(summary);
  if (seal == nullptr) return std::string(kOpen) + base64url(text);
  const auto sealed = seal->seal(text);
  return sealed ? std::optional(std::string(kSealed) + *sealed) : std::nullopt;
}

Result<std::optional<Summary>> opened_summary(std::string_view encrypted_content,
                                              const TextSeal* seal, std::string param) {
  std::optional<std::string> text;
  if (encrypted_content.starts_with(kOpen)) {
    text = base64_decoded(encrypted_content.substr(kOpen.size()));
  } else if (!encrypted_content.starts_with(kSealed)) {
    return std::optional<Summary>();
  } else if (seal != nullptr) {
    text = seal->open(encrypted_content.substr(kSealed.size()));
  }
  auto summary = text ? read_summary(*text) : std::nullopt;
  if (!summary) return cannot_be_opened(std::move(param));
  return summary;
}

std::string told_summary(std::string_view summary) {
  return std::string(kHeading).append(summary);
}

bool is_over_threshold(const Conversation& conversation) {
  const auto threshold = threshold_of(conversation.request);
  const auto& items = conversation.items;
  return threshold && std::any_of(items.begin(), items.end(), has_been_answered) &&
         estimated_tokens(conversation) > *threshold;
}

void drop_what_was_said(Conversation& conversation) {
  std::erase_if(conversation.items, [](const Item& item) {
    const auto* message = std::get_if<Message>(&item);
    return message == nullptr ||
           (message->role != Role::system && message->role != Role::developer);
  });
}

void go_on_from(Conversation& conversation, std::string_view summary) {
  std::vector<Item>& items = conversation.items;
  const auto first = items.begin() + static_cast<std::ptrdiff_t>(first_unanswered(items));
  std::vector<Item> open(std::make_move_iterator(first), std::make_move_iterator(items.end()));
  items.erase(first, items.end());
  drop_what_was_said(conversation);
  items.emplace_back(message_of(Role::user, told_summary(summary)));
  std::move(open.begin(), open.end(), std::back_inserter(items));
}

void ask_for_summary(Conversation& conversation) {
  conversation.tools.clear();
  conversation.tool_choice = {};
  conversation.parallel_tool_calls.reset();
  conversation.format = {};
  conversation.verbosity = {};
  conversation.max_output_tokens.reset();  // it was meant for an answer
  conversation.omitted_tools.clear();
  Part wish;
  wish.text = kWish;
  conversation.items.emplace_back(Message{Role::user, {wish}, {}});
}

}  // namespace responses_proxy
