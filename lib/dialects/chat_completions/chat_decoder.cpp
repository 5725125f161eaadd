#include "dialects/chat_completions/chat_decoder.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "dialects/translation/portable_reasoning.h"
#include "dialects/translation/provider_errors.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

constexpr std::string_view kDone = "[DONE]";

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
  if (usage[holder].get(details) != simdjson::SUCCESS || !details.is_object()) return 0;
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
  read_chunk(root, out);
  finish(out);
}

void ChatDecoder::event(const SseEvent& event, ResponseEvents& out) {
  const std::string_view data = trimmed(event.data);
  if (data == kDone) return finish(out);
  if (!json_.read(data)) return out.fail(unreadable_answer("an event of its stream is no JSON"));
  const element root = json_.root();
  if (holds_error(root)) return out.fail(provider_error_in_band(root));
  if (root.is_object()) read_chunk(root, out);
}

void ChatDecoder::end(ResponseEvents& out) {
  if (!finish_reason_.empty()) finish(out);
}

AnswerError ChatDecoder::error(int status, std::string_view body) const {
  return provider_error(status, body);
}

void ChatDecoder::read_chunk(element root, ResponseEvents& out) {
  out.begin();
  read_usage_of(root, out);
  const auto choice = first_choice(root);
  if (!choice) return;
  read_usage_of(*choice, out);
  if (holds_error(*choice)) return out.fail(provider_error_in_band(*choice));
  element message;
  for (const std::string_view key : {"delta", "message"}) {
    const bool there = (*choice)[key].get(message) == simdjson::SUCCESS && message.is_object();
    if (there) read_message(message, out);
  }
  const std::string_view reason = string_at(*choice, "finish_reason");
  if (!reason.empty()) finish_reason_ = reason;
}

void ChatDecoder::read_message(element message, ResponseEvents& out) {
  read_thoughts(message, out);
  read_content(message, out);
  if (const std::string_view refusal = string_at(message, "refusal"); !refusal.empty()) {
    end_thoughts(out);
    out.refusal(refusal);
  }
  simdjson::dom::array calls;
  if (message["tool_calls"].get(calls) == simdjson::SUCCESS) {
    for (const element call : calls) read_call(call, out);
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
void ChatDecoder::read_call(element call, ResponseEvents& out) {
  PendingCall* one = pending(call);
  if (one == nullptr) return;
  element function;
  std::string arguments;
  if (call["function"].get(function) == simdjson::SUCCESS && function.is_object()) {
    element given;
    std::string_view text;
    if (one->name.empty()) one->name = string_at(function, "name");
    if (function["arguments"].get(given) == simdjson::SUCCESS) {
      if (given.get(text) == simdjson::SUCCESS) arguments = text;
      if (given.is_object()) arguments = simdjson::minify(given);  // not as a text
    }
  }
  if (one->id.empty()) one->id = string_at(call, "id");
  if (!one->number && one->name.empty()) {
    one->arguments += arguments;
    return;
  }
  if (!one->number) {
    end_thoughts(out);
    one->number = out.begin_call(one->name, one->id);
    out.arguments(*one->number, std::exchange(one->arguments, {}));
  }
  out.arguments(*one->number, arguments);
}

// Which call a piece belongs to: by its index; by its id, where some say 0 for every call; else the
// last one. Null: there are too many.
ChatDecoder::PendingCall* ChatDecoder::pending(element call) {
  const auto index = count_at(call, "index");
  const std::string_view id = string_at(call, "id");
  const auto other_id = [&](const PendingCall& one) {
    return !id.empty() && !one.id.empty() && one.id != id;
  };
  const auto known = std::find_if(calls_.rbegin(), calls_.rend(), [&](const PendingCall& one) {
    if (other_id(one)) return false;
    return index ? one.index == index : id.empty() || one.id == id;
  });
  element function;
  const bool named =
      call["function"].get(function) == simdjson::SUCCESS && !string_at(function, "name").empty();
  // Without index and id a name begins a call.
  const bool begins = !index && id.empty() && named;
  if (known != calls_.rend() && !begins) return &*known;
  if (calls_.size() >= kMaxCalls) return nullptr;
  calls_.push_back({index, {}, {}, {}, std::nullopt});
  return &calls_.back();
}

void ChatDecoder::read_usage_of(element holder, ResponseEvents& out) {
  element usage;
  if (holder["usage"].get(usage) == simdjson::SUCCESS && usage.is_object()) {
    out.set_usage(usage_of(usage));
  }
}

void ChatDecoder::finish(ResponseEvents& out) {
  tags_.end([&](std::string_view thought) { out.reasoning(thought); },
            [&](std::string_view said) { say(said, out); });
  end_thoughts(out);
  if (finish_reason_ == "length" || finish_reason_ == "model_length") {
    out.incomplete("max_output_tokens");
  } else if (finish_reason_ == "content_filter" || finish_reason_ == "safety") {
    out.incomplete("content_filter");
  } else if (finish_reason_ == "error") {
    out.fail(unreadable_answer("it ended in an error without words"));
  } else {
    out.complete();
  }
}

}  // namespace responses_proxy
