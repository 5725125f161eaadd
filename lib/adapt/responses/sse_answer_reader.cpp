#include "adapt/responses/sse_answer_reader.h"

#include "adapt/responses/answer_facts.h"
#include "core/json.h"
#include "core/json_reader.h"

namespace responses_proxy {

namespace {

// The event's type without parsing it: its name, or "type" near the start of its data.
std::string_view type_of(const SseEvent& event) {
  if (!event.name.empty()) return event.name;
  constexpr std::size_t kNear = 64;
  constexpr std::string_view kKey = "\"type\":\"";
  const std::string_view start = event.data.substr(0, kNear);
  const std::size_t at = start.find(kKey);
  if (at == std::string_view::npos) return {};
  const std::string_view value = event.data.substr(at + kKey.size());
  return value.substr(0, value.find('"'));
}

bool announces(std::string_view type) {
  return type == "response.created" || type == "response.in_progress" || type == "response.queued";
}

bool teaches(std::string_view type, const SseEvent& event, const AnswerFacts& facts) {
  if (type == "response.completed" || type == "response.incomplete" || type == "response.failed" ||
      type == "error") {
    return true;
  }
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
    return framer_.rest();
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
  const Json response = {{"id", facts_.response_id},
                         {"object", "response"},
                         {"status", "failed"},
                         {"error", {{"code", "server_error"}, {"message", message}}},
                         {"incomplete_details", nullptr},
                         {"output", Json::array()},
                         {"usage", nullptr}};
  const Json event = {
      {"type", "response.failed"}, {"sequence_number", responses_events_}, {"response", response}};
  return "event: response.failed\ndata: " + dump(event) + "\n\n";
}

void SseAnswerReader::look_at(const SseEvent& event) {
  if (event.data.empty()) return;
  const std::string_view type = type_of(event);
  if (type.starts_with("response.")) {
    ++responses_events_;
    facts_.substance = facts_.substance || !announces(type);
  }
  if (type.empty() && event.data != "[DONE]") other_dialect_ = true;
  if (teaches(type, event, facts_)) {
    read_json(event.data, [this](simdjson::dom::element root) { learn_from_event(root, facts_); });
  }
  facts_.complete = facts_.state != AnswerState::open || (responses_events_ == 0 && other_dialect_);
}

}  // namespace responses_proxy
