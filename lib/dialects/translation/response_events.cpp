#include "dialects/translation/response_events.h"

#include <algorithm>
#include <utility>

#include "core/response_id.h"
#include "dialects/translation/client_tools.h"

namespace responses_proxy {

namespace {

// Of what an event adds around a text.
constexpr std::size_t kItemOverhead = 256;

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

ResponseEvents::ResponseEvents(ResponseObject object, ToolNames names, Options options)
    : object_(std::move(object)), names_(std::move(names)), options_(options) {
  facts_.stored = options_.store;
  facts_.background = options_.background;
  facts_.complete = false;
}

void ResponseEvents::begin() {
  if (std::exchange(begun_, true)) return;
  facts_.response_id = object_.id();  // from here on there is an answer
  for (const std::string_view type : {"response.created", "response.in_progress"}) {
    if (!options_.events) continue;
    event(type).put_raw("response", object_.json({}, {}, {}));
    give();
  }
  if (!compacted_) return;
  compaction(compacted_->encrypted_content);
  facts_.substance = false;  // the call that is under way has said nothing
}

void ResponseEvents::go_on_from(std::string encrypted_content, const ResponseUsage& usage) {
  compacted_ = {std::move(encrypted_content), usage};
  usage_ = usage;
}

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

// ---- what stands for all of it ----

void ResponseEvents::compaction(std::string_view encrypted_content) {
  if (ended() || !keep(encrypted_content.size())) return;
  close_all("completed");
  const OpenItem item = open_item("cmp");
  JsonText json;
  json.begin_object().put("id", item.id).put("type", "compaction");
  json.put("encrypted_content", encrypted_content).end_object();
  item_added(item, json.str());
  item_done(item, json.take());
}

// ---- items ----

ResponseEvents::OpenItem ResponseEvents::open_item(std::string_view prefix) {
  begin();
  OpenItem item{output_.size(), own_item_id(prefix, object_.id(), output_.size())};
  output_.emplace_back();
  held_ += kItemOverhead;
  return item;
}

void ResponseEvents::item_added(const OpenItem& item, std::string_view json) {
  facts_.substance = true;
  marks_.added(item.index);
  if (!options_.events || ended()) return;
  event("response.output_item.added");
  json_.put_number("output_index", static_cast<std::int64_t>(item.index)).put_raw("item", json);
  give();
}

void ResponseEvents::item_done(const OpenItem& item, std::string json) {
  if (facts_.item_ids.size() < kMaxItemIds) facts_.item_ids.push_back(item.id);
  marks_.done(item.index);
  if (options_.events) {
    event("response.output_item.done");
    json_.put_number("output_index", static_cast<std::int64_t>(item.index)).put_raw("item", json);
    give();
  }
  output_[item.index] = std::move(json);
}

bool ResponseEvents::keep(std::size_t bytes) {
  held_ += bytes;
  if (held_ > kMaxOutput) facts_.event_too_large = true;
  return !too_large();
}

// ---- the end ----

void ResponseEvents::set_usage(const ResponseUsage& usage) {
  usage_ = compacted_ ? sum_of(compacted_->usage, usage) : usage;
  facts_.usage = {usage.input, usage.output, usage.sum(), usage.cached, usage.reasoning};
}

void ResponseEvents::complete() {
  if (ended()) return;
  begin();
  close_all("completed");
  ResponseState state;
  state.status = "completed";
  state.completed_at = now();
  end(AnswerState::completed, "response.completed", state);
}

void ResponseEvents::incomplete(std::string_view reason) {
  if (ended()) return;
  begin();
  close_all("incomplete");
  ResponseState state;
  state.status = "incomplete";
  state.incomplete_reason = reason;
  end(AnswerState::incomplete, "response.incomplete", state);
}

void ResponseEvents::fail(AnswerError error) {
  if (ended()) return;
  error_ = std::move(error);
  facts_.error_code = error_->words.code;
  ResponseState state;
  state.status = "failed";
  state.error_code = error_->words.code;
  state.error_message = error_->words.message;
  end(AnswerState::failed, "response.failed", state);
}

void ResponseEvents::fail_now(std::string_view message, AnswerSink& sink) const {
  ResponseState state;
  state.status = "failed";
  state.error_code = "server_error";
  state.error_message = message;
  JsonText json;
  json.begin_object().put("type", "response.failed");
  json.put_number("sequence_number", facts_.next_sequence_number);
  json.put_raw("response", object_.json(state, output(), usage_text())).end_object();
  sink.event({"response.failed", json.str(), {}, AnswerState::failed});
}

// What is cut is what was written last.
void ResponseEvents::close_all(std::string_view status_of_the_last) {
  end_reasoning();
  const auto last =
      std::find_if(calls_.rbegin(), calls_.rend(), [](const OpenCall& call) { return call.open; });
  const bool call_is_last = last != calls_.rend() && (!message_ || last->index > message_->index);
  for (OpenCall& call : calls_) {
    close_call(call, call_is_last && &call == &*last ? status_of_the_last : "completed");
  }
  close_message(call_is_last ? "completed" : status_of_the_last);
}

void ResponseEvents::end(AnswerState state, std::string_view type, const ResponseState& response) {
  document_ = object_.json(response, output(), usage_text());
  facts_.state = state;
  facts_.complete = true;
  if (!options_.events) return;
  event(type).put_raw("response", document_);
  give(state);
}

// As far as it was kept, and without what is still open.
std::string ResponseEvents::output() const {
  std::string joined;
  for (const std::string& item : output_) {
    if (!joined.empty() && !item.empty()) joined += ',';
    joined += item;
  }
  return joined;
}

std::string ResponseEvents::usage_text() const {
  return usage_ ? usage_json(*usage_) : std::string();
}

StoredResponse ResponseEvents::stored() const {
  if (!options_.continued) return {{}, {}, false};
  const bool whole = held_ <= options_.keep_output;
  StoredResponse stored{facts_.response_id, whole ? output() : std::string(), whole};
  if (!options_.store) return stored;
  stored.document = ended() ? document_ : object_.json({}, output(), usage_text());
  stored.marks = marks_.text();
  return stored;
}

std::optional<std::int64_t> ResponseEvents::now() const {
  if (options_.clock == nullptr) return std::nullopt;
  const auto since_epoch = options_.clock->wall().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
}

// ---- events ----

JsonText& ResponseEvents::event(std::string_view type) {
  type_ = type;
  json_.clear();
  json_.begin_object().put("type", type);
  return json_.put_number("sequence_number", facts_.next_sequence_number++);
}

JsonText& ResponseEvents::event(std::string_view type, const OpenItem& item) {
  event(type).put("item_id", item.id);
  return json_.put_number("output_index", static_cast<std::int64_t>(item.index));
}

void ResponseEvents::give(AnswerState state) {
  json_.end_object();
  sink_->event({type_, json_.str(), {}, state});
}

}  // namespace responses_proxy
