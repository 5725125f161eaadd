#include "demo/demo_responses.h"

#include <fmt/format.h>

#include <utility>

#include "core/sse_event.h"
#include "demo/demo_text.h"

namespace responses_proxy::demo {

namespace {

// Settings that a response repeats, and what they are when the request does not make them.
const Json& default_settings() {
  static const Json settings = Json::parse(R"({
    "background": false, "conversation": null, "instructions": null, "max_output_tokens": null,
    "max_tool_calls": null, "model": null, "parallel_tool_calls": true,
    "previous_response_id": null, "prompt_cache_key": null,
    "reasoning": {"effort": null, "summary": null}, "safety_identifier": null,
    "service_tier": "default", "store": true, "temperature": 1.0,
    "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_logprobs": 0,
    "top_p": 1.0, "truncation": "disabled", "user": null, "metadata": {}})");
  return settings;
}

Json text_part(std::string_view text) {
  return {{"type", "output_text"},
          {"annotations", Json::array()},
          {"logprobs", Json::array()},
          {"text", text}};
}

class Events {
 public:
  void add(std::string_view type, const Json& fields) {
    Json data = {{"type", type}, {"sequence_number", events_.size()}};
    data.update(fields);
    events_.push_back(sse_event(type, dump(data)));
  }
  std::vector<std::string> take() { return std::move(events_); }

 private:
  std::vector<std::string> events_;
};

}  // namespace

Json usage_of(std::int64_t input_tokens, std::int64_t output_tokens) {
  return {{"input_tokens", input_tokens},
          {"input_tokens_details", {{"cached_tokens", 0}}},
          {"output_tokens", output_tokens},
          {"output_tokens_details", {{"reasoning_tokens", 0}}},
          {"total_tokens", input_tokens + output_tokens}};
}

std::int64_t words_of_input(const Json& request) {
  return count_words(request.value("input", Json())) +
         count_words(request.value("instructions", Json()));
}

Json completed_response(const Json& request, const NewResponse& made) {
  Json response = {{"id", made.id},
                   {"object", "response"},
                   {"created_at", made.created_at},
                   {"status", "completed"},
                   {"completed_at", made.created_at},
                   {"error", nullptr},
                   {"incomplete_details", nullptr}};
  for (const auto& [name, value] : default_settings().items()) {
    response[name] = request.contains(name) && !request[name].is_null() ? request[name] : value;
  }
  response["output"] = Json::array({{{"id", made.message_id},
                                     {"type", "message"},
                                     {"status", "completed"},
                                     {"content", Json::array({text_part(made.text)})},
                                     {"role", "assistant"}}});
  response["usage"] = usage_of(words_of_input(request), count_words(made.text));
  return response;
}

std::vector<std::string> events_of(const Json& completed, std::string_view text) {
  Json started = completed;
  started["status"] = "in_progress";
  started["completed_at"] = nullptr;
  started["output"] = Json::array();
  started["usage"] = nullptr;
  const Json& message = completed["output"][0];
  Json empty_message = message;
  empty_message["status"] = "in_progress";
  empty_message["content"] = Json::array();
  const auto in_part = [&message](const Json& fields) {
    Json all = {{"item_id", message["id"]}, {"output_index", 0}, {"content_index", 0}};
    all.update(fields);
    return all;
  };

  Events events;
  events.add("response.created", {{"response", started}});
  events.add("response.in_progress", {{"response", started}});
  events.add("response.output_item.added", {{"output_index", 0}, {"item", empty_message}});
  events.add("response.content_part.added", in_part({{"part", text_part("")}}));
  for (const std::string& delta : split_into_deltas(text)) {
    events.add("response.output_text.delta",
               in_part({{"delta", delta}, {"logprobs", Json::array()}}));
  }
  events.add("response.output_text.done", in_part({{"text", text}, {"logprobs", Json::array()}}));
  events.add("response.content_part.done", in_part({{"part", message["content"][0]}}));
  events.add("response.output_item.done", {{"output_index", 0}, {"item", message}});
  events.add("response.completed", {{"response", completed}});
  return events.take();
}

Json input_items(const Json& request, std::string_view response_id) {
  const Json input = request.value("input", Json());
  Json items = Json::array();
  const auto add = [&](Json item) {
    if (!item.contains("id")) item["id"] = fmt::format("msg_{}_{}", response_id, items.size());
    if (!item.contains("type")) item["type"] = "message";
    items.push_back(std::move(item));
  };
  if (input.is_string()) {
    add({{"role", "user"},
         {"status", "completed"},
         {"content", Json::array({{{"type", "input_text"}, {"text", input}}})}});
  } else if (input.is_array()) {
    for (const Json& item : input) {
      if (item.is_object()) add(item);
    }
  }
  return items;
}

}  // namespace responses_proxy::demo
