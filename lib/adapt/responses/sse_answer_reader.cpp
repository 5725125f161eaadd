#include "adapt/responses/sse_answer_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "adapt/responses/answer_facts.h"
#include "adapt/responses/event_type.h"
#include "core/json.h"
#include "core/json_reader.h"

namespace responses_proxy {

namespace {

// The event's type without parsing it: its name, or "type" near the start of its data.
std::string_view type_of(const SseEvent& event) {
  return event.name.empty() ? event_type(event.data) : event.name;
}

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

// The event's number, nullopt if it has none. Inside a string the key's quotes are escaped, so they
// are not found there.
std::optional<std::int64_t> sequence_number(std::string_view data) {
  constexpr std::string_view kKey = "\"sequence_number\":";
  for (std::size_t at = data.find(kKey); at != std::string_view::npos; at = data.find(kKey, at)) {
    at = std::min(data.find_first_not_of(' ', at + kKey.size()), data.size());
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(data.data() + at, data.data() + data.size(), number);
    if (error == std::errc{} && number >= 0 && number < std::numeric_limits<std::int64_t>::max()) {
      return number;
    }
  }
  return std::nullopt;
}

bool announces(std::string_view type) {
  return type == "response.created" || type == "response.in_progress" || type == "response.queued";
}

bool teaches(std::string_view type, const SseEvent& event, const AnswerFacts& facts) {
  if (state_after(type) != AnswerState::open) return true;
  if (announces(type)) return facts.response_id.empty();
  if (type.starts_with("response.")) return false;  // deltas and items
  return event.data.find("\"usage\"") != std::string_view::npos ||
         event.data.find("\"response\"") != std::string_view::npos;
}

}  // namespace

std::string_view SseAnswerReader::read(std::string_view upstream_bytes) {
  if (unreadable_) return upstream_bytes;
  const std::string_view events =
      framer_.feed(upstream_bytes, [this](const SseEvent& event) { look_at(event); });
  if (framer_.overflowed()) {
    unreadable_ = true;
    facts_.complete = true;  // its end cannot be seen any more, so it must not be found missing
    last_.assign(events).append(framer_.rest());
    return last_;
  }
  return events;
}

// An event without its blank line is none to the client, but the bytes are the upstream's to send.
std::string_view SseAnswerReader::finish() {
  if (unreadable_) return {};
  last_ = framer_.rest();
  framer_.feed("\n\n", [this](const SseEvent& event) { look_at(event); });
  return last_;
}

std::optional<std::string> SseAnswerReader::failure(std::string_view message) const {
  if (unreadable_) return std::nullopt;
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

void SseAnswerReader::look_at(const SseEvent& event) {
  if (event.data.empty()) return;
  const std::string_view type = type_of(event);
  if (type.starts_with("response.")) {
    responses_stream_ = true;
    // A stream that was resumed does not begin at 0; an upstream may not number its events at all.
    next_sequence_ = sequence_number(event.data).value_or(next_sequence_) + 1;
    if (type == "response.output_text.delta") facts_.text_bytes += delta_bytes(event.data);
    facts_.substance = facts_.substance || !announces(type);
  }
  if (type.empty() && event.data != "[DONE]") other_dialect_ = true;
  if (teaches(type, event, facts_)) {
    const bool readable = read_json(
        event.data, [&](simdjson::dom::element root) { learn_from_event(type, root, facts_); });
    if (!readable && state_after(type) != AnswerState::open) facts_.state = state_after(type);
  }
  facts_.complete = facts_.state != AnswerState::open || (!responses_stream_ && other_dialect_);
}

}  // namespace responses_proxy
