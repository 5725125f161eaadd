#include "dialects/anthropic_messages/anthropic_decoder.h"

#include <algorithm>
#include <utility>

#include "core/utf8_text.h"
#include "dialects/anthropic_messages/anthropic_call_ids.h"
#include "dialects/anthropic_messages/anthropic_errors.h"
#include "dialects/anthropic_messages/signed_thoughts.h"
#include "dialects/translation/provider_errors.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

constexpr std::string_view kDone = "[DONE]";
constexpr std::string_view kDeclined = "The model has declined to answer this.";

std::int64_t index_of(element event) {
  std::int64_t index = 0;
  return event["index"].get(index) == simdjson::SUCCESS ? index : 0;
}

// What is not there stays as it was said before.
void read_count(element usage, std::string_view key, std::int64_t& into) {
  std::int64_t count = 0;
  if (usage[key].get(count) == simdjson::SUCCESS && count >= 0) into = count;
}

}  // namespace

void AnthropicDecoder::document(std::string_view json, ResponseEvents& out) {
  if (!json_.read(json)) return out.fail(unreadable_answer("it is no JSON"));
  const element root = json_.root();
  if (holds_error(root)) return out.fail(anthropic_error_in_band(root));
  simdjson::dom::array content;
  if (!root.is_object() || root["content"].get(content) != simdjson::SUCCESS) {
    return out.fail(unreadable_answer("it is no message"));
  }
  out.begin();
  read_usage_of(root, out);
  std::int64_t index = 0;
  for (const element block : content) {
    begin_block(index++, block, out);
    if (!blocks_.empty()) end_block(blocks_.back(), out);
  }
  read_stop(root);
  finish(out);
}

void AnthropicDecoder::event(const SseEvent& event, ResponseEvents& out) {
  if (event.data == kDone) return;
  if (!json_.read(event.data)) {
    return out.fail(unreadable_answer("an event of its stream is no JSON"));
  }
  const element root = json_.root();
  if (holds_error(root) || (root.is_object() && event.name == "error")) {
    return out.fail(anthropic_error_in_band(root));
  }
  if (!root.is_object()) return;
  const std::string_view type = string_at(root, "type");
  read_event(type.empty() ? event.name : type, root, out);
}

// Only message_stop says that all of it was there.
void AnthropicDecoder::end(ResponseEvents&) {}

AnswerError AnthropicDecoder::error(int status, std::string_view body) const {
  return anthropic_error(status, body);
}

void AnthropicDecoder::read_event(std::string_view type, element root, ResponseEvents& out) {
  element inner;
  if (type == "message_start") {
    out.begin();
    if (root["message"].get(inner) == simdjson::SUCCESS) read_usage_of(inner, out);
  } else if (type == "content_block_start") {
    if (root["content_block"].get(inner) == simdjson::SUCCESS) {
      begin_block(index_of(root), inner, out);
    }
  } else if (type == "content_block_delta") {
    if (root["delta"].get(inner) == simdjson::SUCCESS) read_delta(block_at(root), inner, out);
  } else if (type == "content_block_stop") {
    if (Block* block = block_at(root)) end_block(*block, out);
  } else if (type == "message_delta") {
    read_usage_of(root, out);
    if (root["delta"].get(inner) == simdjson::SUCCESS) read_stop(inner);
  } else if (type == "message_stop") {
    finish(out);
  }
}

// A call ends when something follows it: whether it was cut is only known at the end.
void AnthropicDecoder::begin_block(std::int64_t index, element content, ResponseEvents& out) {
  if (blocks_.size() == kMaxBlocks) return;
  Block& block = blocks_.emplace_back();
  block.index = index;
  block.type = utf8_text(string_at(content, "type"), ErrorWords::kMaxCode);
  if (open_call_) out.end_call(*std::exchange(open_call_, std::nullopt));
  if (block.type == "text") {
    out.text(string_at(content, "text"));
  } else if (block.type == "thinking") {
    block.thought = string_at(content, "thinking");
    block.sealed = string_at(content, "signature");
    out.reasoning(block.thought);
  } else if (block.type == "redacted_thinking") {
    block.sealed = string_at(content, "data");
  } else if (block.type == "tool_use") {
    begin_call(block, content, out);
  }
}

void AnthropicDecoder::begin_call(Block& block, element content, ResponseEvents& out) {
  const std::string id = original_call_id(string_at(content, "id"));
  block.call = open_call_ = out.begin_call(string_at(content, "name"), id);
  element input;
  if (content["input"].get(input) != simdjson::SUCCESS || !input.is_object()) return;
  block.input = json_.text_of(input);
  if (block.input == "{}") block.input.clear();  // it comes in pieces, or there is none
}

void AnthropicDecoder::read_delta(Block* block, element delta, ResponseEvents& out) {
  const std::string_view type = string_at(delta, "type");
  if (type == "text_delta") {
    out.text(string_at(delta, "text"));
  } else if (type == "thinking_delta") {
    const std::string_view thought = string_at(delta, "thinking");
    if (block != nullptr) block->thought.append(thought);
    out.reasoning(thought);
  } else if (type == "signature_delta") {
    if (block != nullptr) block->sealed = string_at(delta, "signature");
  } else if (type == "input_json_delta" && block != nullptr && block->call) {
    const std::string_view piece = string_at(delta, "partial_json");
    if (!piece.empty()) block->input.clear();  // it comes in pieces
    out.arguments(*block->call, piece);
  }
}

void AnthropicDecoder::end_block(Block& block, ResponseEvents& out) {
  if (!std::exchange(block.open, false)) return;
  if (block.type == "thinking") {
    out.end_reasoning(block.sealed.empty() ? std::string()
                                           : signed_thought(origin_, block.thought, block.sealed));
  } else if (block.type == "redacted_thinking" && !block.sealed.empty()) {
    out.end_reasoning();
    out.end_reasoning(redacted_thought(origin_, block.sealed));
  } else if (block.call && !block.input.empty()) {
    out.arguments(*block.call, block.input);
  }
  // It is with ResponseEvents now.
  block.thought = block.sealed = block.input = std::string();
}

AnthropicDecoder::Block* AnthropicDecoder::block_at(element event) {
  const std::int64_t index = index_of(event);
  const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), [&](const Block& block) {
    return block.index == index && block.open;
  });
  return found == blocks_.rend() ? nullptr : &*found;
}

void AnthropicDecoder::read_stop(element holder) {
  element details;
  if (const auto reason = string_at(holder, "stop_reason"); !reason.empty()) stop_reason_ = reason;
  if (holder["stop_details"].get(details) != simdjson::SUCCESS || !details.is_object()) return;
  category_ = utf8_text(string_at(details, "category"), ErrorWords::kMaxCode);
  explanation_ = string_at(details, "explanation");
}

// Its input tokens are those that neither came from the cache nor went into it.
void AnthropicDecoder::read_usage_of(element holder, ResponseEvents& out) {
  element usage;
  if (holder["usage"].get(usage) != simdjson::SUCCESS || !usage.is_object()) return;
  read_count(usage, "input_tokens", tokens_.input);
  read_count(usage, "cache_read_input_tokens", tokens_.cache_read);
  read_count(usage, "cache_creation_input_tokens", tokens_.cache_creation);
  read_count(usage, "output_tokens", tokens_.output);
  ResponseUsage told;
  told.input = tokens_.input + tokens_.cache_read + tokens_.cache_creation;
  told.cached = tokens_.cache_read;
  told.cache_write = tokens_.cache_creation;
  told.output = tokens_.output;
  out.set_usage(told);
}

void AnthropicDecoder::finish(ResponseEvents& out) {
  if (stop_reason_.empty() && !out.facts().substance) {
    return out.fail(unreadable_answer("it says neither a word nor why it has ended"));
  }
  if (stop_reason_ == "refusal") {
    refuse(out);
  } else if (stop_reason_ == "max_tokens" || stop_reason_ == "model_context_window_exceeded" ||
             stop_reason_ == "pause_turn") {
    out.incomplete("max_output_tokens");
  } else {
    out.complete();
  }
}

void AnthropicDecoder::refuse(ResponseEvents& out) {
  out.refusal(explanation_.empty() ? kDeclined : explanation_);
  out.incomplete("content_filter");
  out.facts().error_code = category_.empty() ? "refusal" : "refusal: " + category_;
}

}  // namespace responses_proxy
