#include "dialects/chat_completions/chat_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "core/ascii_case.h"
#include "core/utf8_text.h"
#include "dialects/translation/portable_reasoning.h"
#include "dialects/translation/provider_errors.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

constexpr std::string_view kDone = "[DONE]";

enum class Ending : std::uint8_t { whole, length, filter, failure };

// What a `finish_reason` means, in lower case. Reasons that are not known are those of gateways
// which have another word for a good end.
Ending ending_of(std::string_view reason) {
  struct Known {
    std::string_view reason;
    Ending ending;
  };
  constexpr std::array kKnown = {
      Known{"length", Ending::length},
      Known{"model_length", Ending::length},
      Known{"max_tokens", Ending::length},
      Known{"content_filter", Ending::filter},
      Known{"safety", Ending::filter},
      Known{"sensitive", Ending::filter},
      Known{"recitation", Ending::filter},
      Known{"prohibited_content", Ending::filter},
      Known{"abort", Ending::failure},
      Known{"aborted", Ending::failure},
      Known{"cancelled", Ending::failure},
      Known{"canceled", Ending::failure},
      Known{"failed", Ending::failure},
      Known{"timeout", Ending::failure},
      Known{"insufficient_system_resource", Ending::failure},
      Known{"malformed_function_call", Ending::failure},
  };
  const std::string word = ascii_lower(reason);
  const auto* const known = std::find_if(kKnown.begin(), kKnown.end(),
                                         [&](const Known& one) { return one.reason == word; });
  if (known != kKnown.end()) return known->ending;
  return word.find("error") != std::string::npos ? Ending::failure : Ending::whole;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

std::optional<element> first_choice(element root) {
  simdjson::dom::array choices;
  if (root["choices"].get(choices) != simdjson::SUCCESS) return std::nullopt;
  for (const element choice : choices) {
    std::int64_t index = 0;
    if (choice["index"].get(index) != simdjson::SUCCESS || index == 0) return choice;
  }
  return std::nullopt;
}

bool object_at(element holder, std::string_view key, element& object) {
  return holder[key].get(object) == simdjson::SUCCESS && object.is_object();
}

std::optional<std::int64_t> count_at(element object, std::string_view key) {
  std::int64_t count = 0;
  const bool there = object[key].get(count) == simdjson::SUCCESS && count >= 0;
  return there ? std::optional(count) : std::nullopt;
}

std::int64_t first_count(element usage, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const auto count = count_at(usage, key)) return *count;
  }
  return 0;
}

std::int64_t detail_count(element usage, std::string_view holder, std::string_view key) {
  element details;
  if (!object_at(usage, holder, details)) return 0;
  return count_at(details, key).value_or(0);
}

ResponseUsage usage_of(element usage) {
  ResponseUsage tokens;
  tokens.input = first_count(usage, {"prompt_tokens", "input_tokens"});
  tokens.output = first_count(usage, {"completion_tokens", "output_tokens"});
  tokens.total = count_at(usage, "total_tokens");
  tokens.cached = detail_count(usage, "prompt_tokens_details", "cached_tokens");
  if (tokens.cached == 0) {
    tokens.cached = first_count(usage, {"prompt_cache_hit_tokens", "cached_tokens"});
  }
  tokens.cache_write = detail_count(usage, "prompt_tokens_details", "cache_write_tokens");
  tokens.reasoning = detail_count(usage, "completion_tokens_details", "reasoning_tokens");
  return tokens;
}

}  // namespace

void ChatDecoder::document(std::string_view json, ResponseEvents& out) {
  if (!json_.read(json)) return out.fail(unreadable_answer("it is no JSON"));
  const element root = json_.root();
  if (holds_error(root)) return out.fail(provider_error_in_band(root));
  if (!root.is_object() || !first_choice(root)) {
    return out.fail(unreadable_answer("it is no chat completion"));
  }
  if (const auto choice = read_chunk(root, out)) {
    element message;
    if (object_at(*choice, "message", message) || object_at(*choice, "delta", message)) {
      read_message(message, Extent::whole, out);
    }
    finish(out);
  }
}

void ChatDecoder::event(const SseEvent& event, ResponseEvents& out) {
  const std::string_view data = trimmed(event.data);
  if (data == kDone) return finish(out);
  if (!json_.read(data)) return out.fail(unreadable_answer("an event of its stream is no JSON"));
  const element root = json_.root();
  if (holds_error(root) || (root.is_object() && event.name == "error")) {
    return out.fail(provider_error_in_band(root));
  }
  if (!root.is_object()) return;
  if (const auto choice = read_chunk(root, out)) read_piece(*choice, out);
}

void ChatDecoder::end(ResponseEvents& out) {
  if (!finish_reason_.empty()) finish(out);
}

AnswerError ChatDecoder::error(int status, std::string_view body) const {
  return provider_error(status, body);
}

std::optional<element> ChatDecoder::read_chunk(element root, ResponseEvents& out) {
  out.begin();
  read_usage_of(root, out);
  const auto choice = first_choice(root);
  if (!choice) return std::nullopt;
  read_usage_of(*choice, out);
  if (holds_error(*choice)) {
    out.fail(provider_error_in_band(*choice));
    return std::nullopt;
  }
  const std::string_view reason = string_at(*choice, "finish_reason");
  if (!reason.empty()) finish_reason_ = reason;
  return choice;
}

// Beside the pieces some providers repeat the whole message, as far as it has come.
void ChatDecoder::read_piece(element choice, ResponseEvents& out) {
  element message;
  if (object_at(choice, "delta", message)) read_message(message, Extent::piece, out);
  if (object_at(choice, "message", message)) whole_message_ = json_.text_of(message);
}

// The last one tells all of it, where no piece has told anything.
void ChatDecoder::read_whole_message(ResponseEvents& out) {
  const std::string text = std::exchange(whole_message_, {});
  if (text.empty() || out.facts().substance || !json_.read(text)) return;
  read_message(json_.root(), Extent::whole, out);
}

void ChatDecoder::read_message(element message, Extent extent, ResponseEvents& out) {
  read_thoughts(message, out);
  read_content(message, out);
  if (const std::string_view refusal = string_at(message, "refusal"); !refusal.empty()) {
    end_thoughts(out);
    out.refusal(refusal);
  }
  simdjson::dom::array calls;
  if (message["tool_calls"].get(calls) == simdjson::SUCCESS) {
    for (const element call : calls) read_call(call, extent, out);
  }
}

// Providers name the same text differently, and some name it twice.
void ChatDecoder::read_thoughts(element message, ResponseEvents& out) {
  std::string from_details;
  simdjson::dom::array details;
  if (message["reasoning_details"].get(details) == simdjson::SUCCESS) {
    details_.add(details);
    from_details = ReasoningDetails::text_of(details);
  }
  std::string_view text = string_at(message, "reasoning_content");
  if (text.empty()) text = string_at(message, "reasoning");
  if (text.empty()) text = from_details;
  out.reasoning(text);
}

void ChatDecoder::read_content(element message, ResponseEvents& out) {
  element content;
  std::string_view text;
  simdjson::dom::array parts;
  if (message["content"].get(content) != simdjson::SUCCESS) return;
  if (content.get(text) == simdjson::SUCCESS) {
    if (!options_.think_tags) return say(text, out);
    tags_.add(
        text, [&](std::string_view thought) { out.reasoning(thought); },
        [&](std::string_view said) { say(said, out); });
  } else if (content.get(parts) == simdjson::SUCCESS) {
    for (const element part : parts) {
      simdjson::dom::array thoughts;
      if (part["thinking"].get(thoughts) == simdjson::SUCCESS) {
        for (const element thought : thoughts) out.reasoning(string_at(thought, "text"));
      }
      say(string_at(part, "text"), out);
    }
  }
}

void ChatDecoder::give_held_tags(ResponseEvents& out) {
  tags_.end([&](std::string_view thought) { out.reasoning(thought); },
            [&](std::string_view said) { say(said, out); });
}

void ChatDecoder::say(std::string_view text, ResponseEvents& out) {
  if (text.empty()) return;
  end_thoughts(out);
  out.text(text);
}

void ChatDecoder::end_thoughts(ResponseEvents& out) {
  out.end_reasoning(details_.empty() ? std::string()
                                     : marked_reasoning(options_.origin, details_.take()));
}

// An item begins when its name is known: what comes before waits.
void ChatDecoder::read_call(element call, Extent extent, ResponseEvents& out) {
  PendingCall* one = extent == Extent::whole ? new_call(count_at(call, "index")) : pending(call);
  if (one == nullptr) return;
  element function;
  std::string arguments;
  if (object_at(call, "function", function)) {
    element given;
    std::string_view text;
    if (one->name.empty()) one->name = string_at(function, "name");
    if (function["arguments"].get(given) == simdjson::SUCCESS) {
      if (given.get(text) == simdjson::SUCCESS) arguments = text;
      if (given.is_object()) arguments = json_.text_of(given);  // not as a text
    }
  }
  if (one->id.empty()) one->id = string_at(call, "id");
  one->has_arguments |= !arguments.empty();
  if (!one->number && one->name.empty()) {
    one->arguments += arguments;
    return;
  }
  if (!one->number) {
    end_thoughts(out);
    one->number = out.begin_call(one->name, is_taken(*one) ? std::string_view() : one->id);
    out.arguments(*one->number, std::exchange(one->arguments, {}));
  }
  out.arguments(*one->number, arguments);
}

// Whether another call has its id: the outputs could not be told apart.
bool ChatDecoder::is_taken(const PendingCall& call) const {
  return std::any_of(calls_.begin(), calls_.end(), [&](const PendingCall& other) {
    return &other != &call && other.number && other.id == call.id;
  });
}

// Which call a piece belongs to. Null: there are too many.
ChatDecoder::PendingCall* ChatDecoder::pending(element call) {
  const auto index = count_at(call, "index");
  const std::string_view id = string_at(call, "id");
  element function;
  std::string_view name;
  if (object_at(call, "function", function)) name = string_at(function, "name");
  PendingCall* const known = known_call(index, id);
  return known != nullptr && !begins_anew(*known, index, id, name) ? known : new_call(index);
}

// By its index; among those of one index by its id, where some say 0 for every call; without an
// index by its id; else the last one.
ChatDecoder::PendingCall* ChatDecoder::known_call(std::optional<std::int64_t> index,
                                                  std::string_view id) {
  PendingCall* known = nullptr;
  for (auto one = calls_.rbegin(); one != calls_.rend(); ++one) {
    const bool same_id = !id.empty() && one->id == id;
    if (index && one->index != index) continue;
    if (same_id) return &*one;
    const bool nameless = one->id.empty() || id.empty();
    if (known == nullptr && (index || nameless)) known = &*one;
  }
  return known;
}

// Where a new call has the index of the one before it. Its name tells; but some repeat the name of
// a call in each piece, and some give each piece another id.
bool ChatDecoder::begins_anew(const PendingCall& known, std::optional<std::int64_t> index,
                              std::string_view id, std::string_view name) {
  if (name.empty()) return false;
  if (!index && id.empty()) return true;
  if (!id.empty() && !known.id.empty()) return id != known.id;
  return !known.name.empty() && (known.has_arguments || known.name != name);
}

ChatDecoder::PendingCall* ChatDecoder::new_call(std::optional<std::int64_t> index) {
  if (calls_.size() >= kMaxCalls) return nullptr;
  PendingCall& call = calls_.emplace_back();
  call.index = index;
  return &call;
}

void ChatDecoder::read_usage_of(element holder, ResponseEvents& out) {
  element usage;
  if (object_at(holder, "usage", usage)) out.set_usage(usage_of(usage));
}

void ChatDecoder::finish(ResponseEvents& out) {
  give_held_tags(out);
  read_whole_message(out);
  give_held_tags(out);
  end_thoughts(out);
  if (finish_reason_.empty() && !out.facts().substance) {
    return out.fail(unreadable_answer("it says neither a word nor why it has ended"));
  }
  switch (ending_of(finish_reason_)) {
    case Ending::length:
      return out.incomplete("max_output_tokens");
    case Ending::filter:
      return out.incomplete("content_filter");
    case Ending::failure:
      return out.fail(unreadable_answer(
          fmt::format("it ended with `{}`", utf8_text(finish_reason_, ErrorWords::kMaxCode))));
    case Ending::whole:
      return out.complete();
  }
}

}  // namespace responses_proxy
