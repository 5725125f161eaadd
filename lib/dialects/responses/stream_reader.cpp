#include "dialects/responses/stream_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/json.h"
#include "core/json_reader.h"
#include "dialects/responses/alias_in_answer.h"
#include "dialects/responses/event_head.h"

namespace responses_proxy {

namespace {

// The length of a JSON string, without unescaping it.
std::int64_t written_bytes(std::string_view text) {
  return text.size() < 2 ? 0 : static_cast<std::int64_t>(text.size() - 2);
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

// Deltas teach nothing, nor do items that only begin.
bool teaches(std::string_view type, const AnswerFacts& facts) {
  if (announces(type)) return facts.response_id.empty();
  return type == "response.output_item.done" || !type.starts_with("response.");
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
    if (is_done(event.data) || begins_an_object(event.data)) take(event, sink);
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
  sink.event({"response.failed", json, {}, AnswerState::failed});
  return true;
}

void StreamReader::take(const SseEvent& event, AnswerSink& sink) {
  AnswerEvent out;
  out.wire = event.bytes;
  last_left_out_ = !look_at(event, out);
  if (!last_left_out_) give(out, head_, sink);
}

void StreamReader::take(const UpstreamMessage& message, AnswerSink& sink) {
  const bool was_open = learnt_.facts.state == AnswerState::open;
  const std::string_view type = message.head.type;
  if (!look_at(message.head, type, message.json)) return;
  const AnswerState state = was_open ? learnt_.facts.state : AnswerState::open;
  give({type, message.json, {}, state, message.head.names_stream}, message.head, sink);
}

void StreamReader::give(const AnswerEvent& event, const EventHead& head, AnswerSink& sink) const {
  if (alias_.empty() || event.json.empty()) return sink.event(event);
  give_with_alias(event, head.parts.model, alias_, sink);
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
    out.names_stream = head_.names_stream;
    if (!look_at(head_, out.type, event.data)) return false;
  } else if (begins_an_object(event.data)) {
    return false;
  } else if (!is_done(event.data)) {
    saw_foreign_event();
  }
  if (was_open) out.state = facts.state;
  return true;
}

bool StreamReader::look_at(const EventHead& head, std::string_view type, std::string_view data) {
  if (!learn(type, head, data)) return false;
  if (type.starts_with("response.")) follow(type, head);
  if (type.empty()) saw_foreign_event();
  note_completeness();
  return true;
}

void StreamReader::saw_foreign_event() {
  if (kind_ == Kind::unknown) kind_ = Kind::foreign;
  note_completeness();
}

// What is no stream of the Responses API has no end that could be missed.
void StreamReader::note_completeness() {
  AnswerFacts& facts = learnt_.facts;
  facts.complete = facts.state != AnswerState::open || kind_ == Kind::foreign;
}

StoredResponse StreamReader::stored() const {
  return {learnt_.facts.response_id, output_.items(), output_.whole()};
}

void StreamReader::follow(std::string_view type, const EventHead& head) {
  kind_ = Kind::responses;
  // A stream that was resumed does not begin at 0; an upstream may not number its events at all.
  AnswerFacts& facts = learnt_.facts;
  const std::int64_t number = head.sequence_number.value_or(facts.next_sequence_number);
  const bool sound = number >= 0 && number < std::numeric_limits<std::int64_t>::max();
  facts.next_sequence_number = (sound ? number : facts.next_sequence_number) + 1;
  if (type == "response.output_text.delta") {
    facts.text_bytes += written_bytes(head.parts.delta);
  }
  facts.substance = facts.substance || !announces(type);
  if (head.steered()) output_.give_up();
  if (type == "response.output_item.done") output_.add(head.parts.item);
}

// false: it would be the end, but cannot be read.
bool StreamReader::learn(std::string_view type, const EventHead& head, std::string_view data) {
  if (learnt_.facts.state != AnswerState::open) return true;  // what follows teaches nothing
  const AnswerState state = head.steered() ? AnswerState::open : state_after(type);
  if (state == AnswerState::open) {
    if (teaches(type, learnt_.facts)) learn_from_event(head.parts, learnt_.facts);
    return true;
  }
  const simdjson::error_code error = parse_json(data, [&](simdjson::dom::element root) {
    if (state != AnswerState::failed) return;
    simdjson::dom::element response;
    const bool has_response = root["response"].get(response) == simdjson::SUCCESS;
    learn_from_error(has_response ? response : root, learnt_);
  });
  if (is_broken_json(error)) return false;
  output_.complete_from(head.parts.output);
  learn_from_event(head.parts, learnt_.facts);
  learnt_.facts.state = state;
  return true;
}

}  // namespace responses_proxy
