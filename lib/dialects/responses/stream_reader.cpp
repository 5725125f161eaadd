#include "dialects/responses/stream_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/json.h"
#include "core/json_reader.h"
#include "core/sse_event.h"
#include "dialects/responses/event_head.h"

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

void StreamReader::read(std::string_view upstream_bytes, AnswerSink& sink) {
  if (learnt_.facts.event_too_large) return;
  // The LF of a CRLF whose CR had ended the event before goes where that event went.
  const bool was_left_out = last_left_out_;
  bool line_end_due = true;
  const auto give_line_end = [&](std::string_view text) {
    if (std::exchange(line_end_due, false) && framer_.begins_in_line_end() && !was_left_out) {
      sink.bytes(text.substr(0, 1));
    }
  };
  const std::string_view whole = framer_.feed(upstream_bytes, [&](const SseEvent& event) {
    give_line_end("\n");
    take(event, sink);
  });
  if (!whole.empty()) give_line_end(whole);
  learnt_.facts.event_too_large = framer_.overflowed();
}

// To a client an event without its blank line is none. One whose JSON is whole gets the line: what
// is missing are its ends alone. Of any other nobody can tell what is missing.
void StreamReader::finish(AnswerSink& sink) {
  if (framer_.rest().empty() || learnt_.facts.event_too_large) return;
  framer_.feed("\n\n", [&](const SseEvent& event) {
    if (is_done(event.data) || read_event_head(event.data)) take(event, sink);
  });
}

bool StreamReader::failure(std::string_view message, AnswerSink& sink) const {
  const Json response = {{"id", learnt_.facts.response_id},
                         {"object", "response"},
                         {"status", "failed"},
                         {"error", {{"code", "server_error"}, {"message", message}}},
                         {"incomplete_details", nullptr},
                         {"output", Json::array()},
                         {"usage", nullptr}};
  const std::string json = dump({{"type", "response.failed"},
                                 {"sequence_number", learnt_.facts.next_sequence_number},
                                 {"response", response}});
  const std::string wire = sse_event("response.failed", json);
  sink.event({"response.failed", json, wire, AnswerState::failed});
  return true;
}

void StreamReader::take(const SseEvent& event, AnswerSink& sink) {
  AnswerEvent out;
  out.wire = event.bytes;
  last_left_out_ = !look_at(event, out);
  if (!last_left_out_) sink.event(out);
}

void StreamReader::take(const UpstreamMessage& message, AnswerSink& sink) {
  const bool was_open = learnt_.facts.state == AnswerState::open;
  const std::string_view type = message.head.type;
  if (!look_at(message.head, type, message.json)) return;
  sink.event({type, message.json, {}, was_open ? learnt_.facts.state : AnswerState::open});
}

// false: the event is an object that is cut off or broken, so no client could read it.
bool StreamReader::look_at(const SseEvent& event, AnswerEvent& out) {
  if (event.data.empty()) return true;
  AnswerFacts& facts = learnt_.facts;
  const bool was_open = facts.state == AnswerState::open;
  if (auto head = read_event_head(event.data)) {
    head_ = std::move(*head);
    // Clients go by the JSON; the "event:" line counts where that says nothing.
    out.type = head_.type.empty() ? event.name : std::string_view(head_.type);
    out.json = event.data;
    if (!look_at(head_, out.type, event.data)) return false;
  } else if (begins_an_object(event.data)) {
    return false;
  } else if (!is_done(event.data)) {
    other_dialect_ = true;
    facts.complete = facts.state != AnswerState::open || !responses_stream_;
  }
  if (was_open) out.state = facts.state;
  return true;
}

bool StreamReader::look_at(const EventHead& head, std::string_view type, std::string_view data) {
  if (!learn(type, head, data)) return false;
  if (type.starts_with("response.")) follow(type, head, data);
  other_dialect_ = other_dialect_ || type.empty();
  AnswerFacts& facts = learnt_.facts;
  facts.complete = facts.state != AnswerState::open || (!responses_stream_ && other_dialect_);
  return true;
}

StoredResponse StreamReader::stored() const {
  return {learnt_.facts.response_id, output_.items(), output_.whole()};
}

void StreamReader::follow(std::string_view type, const EventHead& head, std::string_view data) {
  responses_stream_ = true;
  // A stream that was resumed does not begin at 0; an upstream may not number its events at all.
  AnswerFacts& facts = learnt_.facts;
  const std::int64_t number = head.sequence_number.value_or(facts.next_sequence_number);
  const bool sound = number >= 0 && number < std::numeric_limits<std::int64_t>::max();
  facts.next_sequence_number = (sound ? number : facts.next_sequence_number) + 1;
  if (type == "response.output_text.delta") facts.text_bytes += delta_bytes(data);
  facts.substance = facts.substance || !announces(type);
  if (head.steered()) output_.give_up();
  if (type == "response.output_item.done") output_.add_item_of(data);
}

// false: it would be the end, but cannot be read.
bool StreamReader::learn(std::string_view type, const EventHead& head, std::string_view data) {
  if (learnt_.facts.state != AnswerState::open) return true;  // what follows teaches nothing
  const AnswerState state = head.steered() ? AnswerState::open : state_after(type);
  if (state == AnswerState::open && !teaches(type, data, learnt_.facts)) return true;
  if (state != AnswerState::open) output_.complete_from(data);
  const simdjson::error_code error = parse_json(
      data, [&](simdjson::dom::element root) { learn_from_event(state, root, learnt_); });
  if (error == simdjson::SUCCESS || state == AnswerState::open) return true;
  if (is_broken_json(error)) return false;
  learnt_.facts.state = state;
  return true;
}

}  // namespace responses_proxy
