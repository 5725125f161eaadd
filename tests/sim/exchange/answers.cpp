#include "sim/exchange/answers.h"

#include <fmt/format.h>

namespace responses_proxy::sim {

namespace {

// How the events of an answer go on after response.created.
enum class Course : std::uint8_t { completed, incomplete, failed, overloaded, no_end, broken };

std::string event(EventList& list, std::string_view type, const std::string& members) {
  return fmt::format(R"({{"type":"{}","sequence_number":{}{}{}}})", type, list.events.size(),
                     members.empty() ? "" : ",", members);
}

void add(EventList& list, std::string_view type, const std::string& members) {
  list.events.push_back(event(list, type, members));
}

std::string response(const EventList& list, std::string_view status, std::string_view more) {
  return fmt::format(R"("response":{{"id":"{}","object":"response","status":"{}"{}}})",
                     list.response_id, status, more);
}

std::string item(const EventList& list) {
  return fmt::format(R"({{"id":"msg_{}","type":"message","content":[]}})", list.response_id);
}

void add_substance(Draw& draw, EventList& list) {
  add(list, "response.output_item.added", R"("output_index":0,"item":)" + item(list));
  for (std::uint64_t deltas = draw.below(6); deltas > 0; --deltas) {
    add(list, "response.output_text.delta", R"("delta":"word ")");
  }
  add(list, "response.output_item.done", R"("output_index":0,"item":)" + item(list));
}

void add_end(EventList& list, Course course) {
  list.has_end = true;
  list.completed = course == Course::completed;
  if (course == Course::completed) {
    add(list, "response.completed",
        response(list, "completed",
                 fmt::format(R"(,"output":[{}],"usage":{{"input_tokens":3,"output_tokens":4,)"
                             R"("total_tokens":7}})",
                             item(list))));
  } else if (course == Course::incomplete) {
    add(list, "response.incomplete",
        response(list, "incomplete", R"(,"incomplete_details":{"reason":"max_output_tokens"})"));
  } else if (course == Course::failed) {
    add(list, "response.failed",
        response(list, "failed", R"(,"error":{"code":"server_error","message":"it broke"})"));
  } else {
    add(list, "error", R"("code":"server_is_overloaded","message":"too much to do")");
  }
}

}  // namespace

EventList draw_events(Draw& draw, const std::string& response_id) {
  EventList list;
  list.response_id = response_id;
  const auto course = static_cast<Course>(draw.by_weight({70, 5, 7, 8, 6, 4}));
  add(list, "response.created", response(list, "in_progress", ""));
  if (draw.chance(70)) add(list, "response.in_progress", response(list, "in_progress", ""));
  if (course != Course::overloaded || draw.chance(20)) add_substance(draw, list);
  if (course == Course::broken) {
    list.events.emplace_back(R"({"type":"response.completed","response":{"id":)");
  } else if (course != Course::no_end) {
    add_end(list, course);
  }
  return list;
}

ErrorAnswer draw_error(Draw& draw) {
  static const std::vector<ErrorAnswer> kErrors{
      {400, "invalid_prompt", {}},
      {400, "invalid_encrypted_content", {}},
      {401, "invalid_api_key", {}},
      {403, "model_not_allowed", {}},
      {404, "model_not_found", {}},
      {429, "rate_limit_exceeded", {{"retry-after", "2"}}},
      {429, "rate_limit_exceeded", {{"retry-after-ms", "300"}}},
      {429, "insufficient_quota", {{"x-should-retry", "false"}}},
      {500, "server_error", {}},
      {502, "", {}},
      {503, "server_is_overloaded", {{"retry-after", "1"}}},
      {529, "overloaded_error", {}},
  };
  return draw.one_of(kErrors);
}

ErrorAnswer not_found_error() {
  return {404, "previous_response_not_found", {}};
}

std::string error_json(const ErrorAnswer& error) {
  return fmt::format(R"({{"error":{{"message":"no","type":"some_error","code":"{}"}}}})",
                     error.code);
}

std::string draw_document(Draw& draw, const std::string& response_id) {
  const bool failed = draw.chance(8);
  return fmt::format(R"({{"id":"{}","object":"response","status":"{}"{},"output":[],)"
                     R"("usage":{{"input_tokens":3,"output_tokens":4,"total_tokens":7}}}})",
                     response_id, failed ? "failed" : "completed",
                     failed ? R"(,"error":{"code":"server_error","message":"it broke"})" : "");
}

std::string as_stream(Draw& draw, const EventList& list) {
  std::string text;
  for (const std::string& json : list.events) {
    if (draw.chance(5)) text += ": still here\n\n";
    if (draw.chance(50)) text += "event: " + text_member(json, "type") + "\n";
    text += "data: " + json + "\n\n";
  }
  if (list.has_end && draw.chance(20)) text += "data: [DONE]\n\n";
  return text;
}

std::string text_member(std::string_view json, std::string_view key) {
  const std::string start = fmt::format("\"{}\":\"", key);
  const std::size_t at = json.find(start);
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + start.size();
  return std::string(json.substr(from, json.find('"', from) - from));
}

}  // namespace responses_proxy::sim
