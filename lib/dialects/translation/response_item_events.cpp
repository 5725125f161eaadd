// The events of one item, part by part: messages, thoughts and calls.
#include "dialects/translation/response_events.h"

#include <utility>

#include "dialects/translation/client_tools.h"

namespace responses_proxy {

namespace {

std::string part_json(bool refusal, std::string_view text) {
  JsonText part;
  part.begin_object().put("type", refusal ? "refusal" : "output_text");
  part.put(refusal ? "refusal" : "text", text);
  if (!refusal) part.put_raw("annotations", "[]").put_raw("logprobs", "[]");
  return part.end_object().take();
}

std::string message_json(std::string_view id, std::string_view status, std::string_view parts) {
  JsonText item;
  item.begin_object().put("id", id).put("type", "message").put("status", status);
  item.put("role", "assistant").key("content").begin_array().raw(parts).end_array();
  return item.end_object().take();
}

std::string summary_part_json(std::string_view text) {
  JsonText part;
  return part.begin_object().put("type", "summary_text").put("text", text).end_object().take();
}

std::string reasoning_json(std::string_view id, std::string_view text,
                           std::string_view encrypted_content) {
  JsonText item;
  item.begin_object().put("id", id).put("type", "reasoning").key("summary").begin_array();
  if (!text.empty()) item.raw(summary_part_json(text));
  item.end_array();
  if (!encrypted_content.empty()) item.put("encrypted_content", encrypted_content);
  return item.end_object().take();
}

}  // namespace

// ---- what the model says ----

void ResponseEvents::text(std::string_view delta) {
  add_text(false, delta);
}

void ResponseEvents::refusal(std::string_view delta) {
  add_text(true, delta);
}

void ResponseEvents::add_text(bool refusal, std::string_view delta) {
  if (ended() || delta.empty() || !keep(delta.size())) return;
  end_reasoning();
  if (!message_) {
    message_.emplace(OpenMessage{open_item("msg"), refusal, {}, {}, 0});
    item_added(*message_, message_json(message_->id, "in_progress", {}));
    open_part(refusal);
  } else if (message_->refusal != refusal) {
    close_part();
    ++message_->part;
    open_part(refusal);
  }
  message_->text.append(delta);
  marks_.delta(message_->index, delta.size());
  if (!options_.events) return;
  event(refusal ? "response.refusal.delta" : "response.output_text.delta", *message_);
  json_.put_number("content_index", static_cast<std::int64_t>(message_->part)).key("delta");
  const std::size_t before = json_.str().size();
  json_.text(delta);
  if (!refusal) {
    facts_.text_bytes += static_cast<std::int64_t>(json_.str().size() - before - 2);
    json_.put_raw("logprobs", "[]");
  }
  give();
}

void ResponseEvents::open_part(bool refusal) {
  message_->refusal = refusal;
  message_->text.clear();
  if (!options_.events) return;
  event("response.content_part.added", *message_);
  json_.put_number("content_index", static_cast<std::int64_t>(message_->part));
  json_.put_raw("part", part_json(refusal, {}));
  give();
}

void ResponseEvents::close_part() {
  const std::string part = part_json(message_->refusal, message_->text);
  if (options_.events) {
    const auto index = static_cast<std::int64_t>(message_->part);
    event(message_->refusal ? "response.refusal.done" : "response.output_text.done", *message_);
    json_.put_number("content_index", index);
    json_.put(message_->refusal ? "refusal" : "text", message_->text);
    if (!message_->refusal) json_.put_raw("logprobs", "[]");
    give();
    event("response.content_part.done", *message_).put_number("content_index", index);
    json_.put_raw("part", part);
    give();
  }
  if (!message_->parts.empty()) message_->parts += ',';
  message_->parts += part;
}

void ResponseEvents::end_message() {
  close_message("completed");
}

void ResponseEvents::close_message(std::string_view status) {
  if (!message_ || ended()) return;
  close_part();
  const OpenMessage message = std::move(*message_);
  message_.reset();
  item_done(message, message_json(message.id, status, message.parts));
}

// ---- what it thinks ----

void ResponseEvents::reasoning(std::string_view delta) {
  if (ended() || delta.empty() || !keep(delta.size())) return;
  end_message();
  if (!reasoning_) {
    reasoning_.emplace(OpenReasoning{open_item("rs"), {}});
    item_added(*reasoning_, reasoning_json(reasoning_->id, {}, {}));
  }
  if (options_.events && reasoning_->text.empty()) {
    event("response.reasoning_summary_part.added", *reasoning_).put_number("summary_index", 0);
    json_.put_raw("part", summary_part_json({}));
    give();
  }
  reasoning_->text.append(delta);
  marks_.delta(reasoning_->index, delta.size());
  if (!options_.events) return;
  event("response.reasoning_summary_text.delta", *reasoning_).put_number("summary_index", 0);
  json_.put("delta", delta);
  give();
}

void ResponseEvents::end_reasoning(std::string_view encrypted_content) {
  if (ended() || (!reasoning_ && encrypted_content.empty())) return;
  if (!keep(encrypted_content.size())) return;
  if (!reasoning_) {
    end_message();
    reasoning_.emplace(OpenReasoning{open_item("rs"), {}});
    item_added(*reasoning_, reasoning_json(reasoning_->id, {}, {}));
  }
  const OpenReasoning thought = std::move(*reasoning_);
  reasoning_.reset();
  if (options_.events && !thought.text.empty()) {
    event("response.reasoning_summary_text.done", thought).put_number("summary_index", 0);
    json_.put("text", thought.text);
    give();
    event("response.reasoning_summary_part.done", thought).put_number("summary_index", 0);
    json_.put_raw("part", summary_part_json(thought.text));
    give();
  }
  item_done(thought, reasoning_json(thought.id, thought.text, encrypted_content));
}

// ---- what it calls ----

std::size_t ResponseEvents::begin_call(std::string_view name, std::string_view call_id) {
  const std::size_t number = calls_.size();
  end_message();
  end_reasoning();
  const ToolName* declared = names_.by_wire(name);
  // One that nobody has declared: the client will say so to the model.
  const ToolName tool =
      declared != nullptr ? *declared : ToolName{ToolKind::function, std::string(name), {}, {}};
  OpenCall call{open_item(id_prefix(tool.kind)), tool, std::string(call_id), {}, {}, !ended()};
  if (call.call_id.empty()) call.call_id = "call_" + call.id;
  keep(name.size() + call_id.size());
  calls_.push_back(std::move(call));
  const OpenCall& opened = calls_.back();
  item_added(opened, item_of_call(tool, {opened.id, opened.call_id, {}, "in_progress"}));
  return number;
}

void ResponseEvents::arguments(std::size_t number, std::string_view delta) {
  OpenCall& call = calls_[number];
  if (ended() || !call.open || delta.empty() || !keep(delta.size())) return;
  if (call.tool.kind == ToolKind::custom) return write_arguments(call, call.input.add(delta));
  call.arguments.append(delta);
  if (call.tool.kind == ToolKind::function) write_arguments(call, delta);
}

void ResponseEvents::end_call(std::size_t number) {
  close_call(calls_[number], "completed");
}

void ResponseEvents::write_arguments(const OpenCall& call, std::string_view delta) {
  if (delta.empty()) return;
  marks_.delta(call.index, delta.size());
  if (!options_.events) return;
  const bool custom = call.tool.kind == ToolKind::custom;
  event(custom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta",
        call);
  json_.put("delta", delta);
  give();
}

void ResponseEvents::close_call(OpenCall& call, std::string_view status) {
  if (!call.open || ended()) return;
  call.open = false;
  if (call.tool.kind == ToolKind::custom) {
    close_input(call);
  } else if (call.arguments.empty()) {
    call.arguments = "{}";
    if (call.tool.kind == ToolKind::function) write_arguments(call, call.arguments);
  }
  if (options_.events && call.tool.kind == ToolKind::function) {
    event("response.function_call_arguments.done", call).put("name", call.tool.name);
    json_.put("arguments", call.arguments);
    give();
  }
  item_done(call, item_of_call(call.tool, {call.id, call.call_id, call.arguments, status}));
}

void ResponseEvents::close_input(OpenCall& call) {
  write_arguments(call, call.input.end());
  call.arguments = call.input.text();
  if (!options_.events) return;
  event("response.custom_tool_call_input.done", call).put("input", call.arguments);
  give();
}

}  // namespace responses_proxy
