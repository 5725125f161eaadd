#include "dialects/translation/response_events.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/response_id.h"

namespace responses_proxy {

namespace {

// Of what an event adds around a text.
constexpr std::size_t kItemOverhead = 256;
constexpr std::array<std::string_view, 2> kBeginning = {"response.created", "response.in_progress"};

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
  for (const std::string_view type : kBeginning) {
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
  // Of a document nothing has been said before its end: until then another resource can make it.
  facts_.substance = options_.events;
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
  end_incomplete(reason);
}

void ResponseEvents::interrupt(PartialItems partial) {
  if (ended()) return;
  begin();
  partial == PartialItems::keep ? close_all("incomplete") : drop_open_items();
  end_incomplete("interrupted");
}

void ResponseEvents::end_incomplete(std::string_view reason) {
  ResponseState state;
  state.status = "incomplete";
  state.incomplete_reason = reason;
  end(AnswerState::incomplete, "response.incomplete", state);
}

void ResponseEvents::fail(AnswerError error) {
  if (ended()) return;
  if (options_.events) begin();  // a stream begins, also where it has nothing else
  error_ = std::move(error);
  facts_.error_code = error_->words.code;
  ResponseState state;
  state.status = "failed";
  state.error_code = error_->words.code;
  state.error_message = error_->words.message;
  end(AnswerState::failed, "response.failed", state);
}

void ResponseEvents::fail_now(std::string_view message, AnswerSink& sink) const {
  std::int64_t number = facts_.next_sequence_number;
  const auto tell = [&](std::string_view type, const std::string& response, AnswerState state) {
    JsonText json;
    json.begin_object().put("type", type).put_number("sequence_number", number++);
    json.put_raw("response", response).end_object();
    sink.event({type, json.str(), {}, state});
  };
  for (const std::string_view type : kBeginning) {
    if (!begun_) tell(type, object_.json({}, {}, {}), AnswerState::open);
  }
  ResponseState failed;
  failed.status = "failed";
  failed.error_code = "server_error";
  failed.error_message = message;
  tell("response.failed", object_.json(failed, output(), usage_text()), AnswerState::failed);
}

// What is cut is what was written last. A refusal cuts what was before it, too.
void ResponseEvents::close_all(std::string_view status_of_the_last) {
  end_reasoning();
  const auto last =
      std::find_if(calls_.rbegin(), calls_.rend(), [](const OpenCall& call) { return call.open; });
  const bool call_is_last = last != calls_.rend() && (!message_ || last->index > message_->index);
  const bool refused = message_ && message_->refusal;
  const bool call_is_cut = last != calls_.rend() && (call_is_last || refused);
  for (OpenCall& call : calls_) {
    close_call(call, call_is_cut && &call == &*last ? status_of_the_last : "completed");
  }
  close_message(call_is_last ? "completed" : status_of_the_last);
}

// They are not in the output. How the others came cannot be told without them: given again, those
// come as a whole.
void ResponseEvents::drop_open_items() {
  message_.reset();
  reasoning_.reset();
  for (OpenCall& call : calls_) call.open = false;
  marks_ = {};
}

void ResponseEvents::end(AnswerState state, std::string_view type, const ResponseState& response) {
  // Clients add up what a whole answer says of its tokens; a provider that counts none says zeros.
  const bool counted = usage_ || state == AnswerState::failed;
  document_ = object_.json(response, output(), counted ? usage_text() : usage_json({}));
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
