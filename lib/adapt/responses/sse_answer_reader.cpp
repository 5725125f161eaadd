#include "adapt/responses/sse_answer_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "adapt/responses/answer_facts.h"
#include "core/json.h"
#include "core/json_reader.h"

namespace responses_proxy {

namespace {

// The length of the JSON string at "delta", without unescaping it.
std::int64_t delta_bytes(std::string_view data) {
  constexpr std::string_view kKey = "\"delta\":\"";
  const std::size_t key = data.find(kKey);
  if (key == std::string_view::npos) return 0;
  const std::size_t begin = key + kKey.size();
  std::size_t end = begin;
  while (end < data.size() && data[end] != '"') end += data[end] == '\\' ? 2 : 1;
  return static_cast<std::int64_t>(std::min(end, data.size()) - begin);
}

bool announces(std::string_view type) {
  return type == "response.created" || type == "response.in_progress" || type == "response.queued";
}

bool is_done(std::string_view data) {
  return data == "[DONE]";
}

bool begins_an_object(std::string_view data) {
  const std::size_t first = data.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && data[first] == '{';
}

bool teaches(std::string_view type, std::string_view data, const AnswerFacts& facts) {
  if (announces(type)) return facts.response_id.empty();
  if (type == "response.output_item.done") return true;
  if (type.starts_with("response.")) return false;  // deltas, and items that only begin
  return data.find("\"usage\"") != std::string_view::npos ||
         data.find("\"response\"") != std::string_view::npos;
}

}  // namespace

std::string_view SseAnswerReader::read(std::string_view upstream_bytes) {
  if (facts_.event_too_large) return {};
  const bool was_left_out = last_left_out_;
  std::string_view events = framer_.feed(
      upstream_bytes, [this](const SseEvent& event) { keep_or_leave_out(event, look_at(event)); });
  if (was_left_out && framer_.begins_in_line_end()) events.remove_prefix(1);
  facts_.event_too_large = framer_.overflowed();
  return without_left_out(events);
}

// To a client an event without its blank line is none. One whose JSON is whole gets the line: what
// is missing are its ends alone. Of any other nobody can tell what is missing.
std::string_view SseAnswerReader::finish() {
  if (framer_.rest().empty() || facts_.event_too_large) return {};
  const std::string_view events = framer_.feed("\n\n", [this](const SseEvent& event) {
    const bool whole = is_done(event.data) || read_event_head(event.data);
    keep_or_leave_out(event, whole && look_at(event));
  });
  return without_left_out(events);
}

void SseAnswerReader::keep_or_leave_out(const SseEvent& event, bool keep) {
  last_left_out_ = !keep;
  if (!keep) left_out_.push_back(event.bytes);
}

std::string_view SseAnswerReader::without_left_out(std::string_view events) {
  if (left_out_.empty()) return events;
  given_.clear();
  const char* from = events.data();
  for (const std::string_view event : std::exchange(left_out_, {})) {
    given_.append(from, event.data());
    from = event.data() + event.size();
  }
  given_.append(from, events.data() + events.size());
  return given_;
}

std::optional<std::string> SseAnswerReader::failure(std::string_view message) const {
  const Json response = {{"id", facts_.response_id},
                         {"object", "response"},
                         {"status", "failed"},
                         {"error", {{"code", "server_error"}, {"message", message}}},
                         {"incomplete_details", nullptr},
                         {"output", Json::array()},
                         {"usage", nullptr}};
  const Json event = {
      {"type", "response.failed"}, {"sequence_number", next_sequence_}, {"response", response}};
  return "event: response.failed\ndata: " + dump(event) + "\n\n";
}

// false: the event is an object that is cut off or broken, so no client could read it.
bool SseAnswerReader::look_at(const SseEvent& event) {
  if (event.data.empty()) return true;
  const auto head = read_event_head(event.data);
  if (!head && begins_an_object(event.data)) return false;
  if (head) {
    // Clients go by the JSON; the "event:" line counts where that says nothing.
    const std::string_view type = head->type.empty() ? event.name : std::string_view(head->type);
    if (!learn(type, *head, event.data)) return false;
    if (type.starts_with("response.")) follow(type, *head, event.data);
    other_dialect_ = other_dialect_ || type.empty();
  } else if (!is_done(event.data)) {
    other_dialect_ = true;
  }
  facts_.complete = facts_.state != AnswerState::open || (!responses_stream_ && other_dialect_);
  return true;
}

void SseAnswerReader::follow(std::string_view type, const EventHead& head, std::string_view data) {
  responses_stream_ = true;
  // A stream that was resumed does not begin at 0; an upstream may not number its events at all.
  const std::int64_t number = head.sequence_number.value_or(next_sequence_);
  const bool sound = number >= 0 && number < std::numeric_limits<std::int64_t>::max();
  next_sequence_ = (sound ? number : next_sequence_) + 1;
  if (type == "response.output_text.delta") facts_.text_bytes += delta_bytes(data);
  facts_.substance = facts_.substance || !announces(type);
}

// false: it would be the end, but cannot be read.
bool SseAnswerReader::learn(std::string_view type, const EventHead& head, std::string_view data) {
  if (facts_.state != AnswerState::open) return true;  // what follows the end teaches nothing
  const AnswerState state = head.steered() ? AnswerState::open : state_after(type);
  if (state == AnswerState::open && !teaches(type, data, facts_)) return true;
  const simdjson::error_code error =
      parse_json(data, [&](simdjson::dom::element root) { learn_from_event(state, root, facts_); });
  if (error == simdjson::SUCCESS || state == AnswerState::open) return true;
  if (is_broken_json(error)) return false;
  facts_.state = state;
  return true;
}

}  // namespace responses_proxy
