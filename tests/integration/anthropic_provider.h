// What a provider that speaks Anthropic's Messages API answers, and a proxy before it.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/test_proxy.h"

namespace responses_proxy::testing {

inline Reply anthropic_events(const std::vector<Json>& all) {
  Reply reply;
  reply.headers.add("Content-Type", "text/event-stream");
  for (const Json& one : all) {
    const std::string type = one.at("type");
    reply.steps.push_back(Step::write("event: " + type + "\ndata: " + dump(one) + "\n\n"));
  }
  return reply;
}

inline Json begin_of_message() {
  return {
      {"type", "message_start"},
      {"message",
       {{"id", "msg_0"},
        {"type", "message"},
        {"role", "assistant"},
        {"content", Json::array()},
        {"usage", {{"input_tokens", 6}, {"cache_read_input_tokens", 4}, {"output_tokens", 1}}}}}};
}

inline std::vector<Json> block(int index, const Json& empty, const std::vector<Json>& deltas) {
  std::vector<Json> events{
      {{"type", "content_block_start"}, {"index", index}, {"content_block", empty}}};
  for (const Json& delta : deltas) {
    events.push_back({{"type", "content_block_delta"}, {"index", index}, {"delta", delta}});
  }
  events.push_back({{"type", "content_block_stop"}, {"index", index}});
  return events;
}

inline std::vector<Json> text_block(int index, const std::string& text) {
  return block(index, {{"type", "text"}, {"text", ""}}, {{{"type", "text_delta"}, {"text", text}}});
}

inline std::vector<Json> end_of_message(const std::string& stop_reason) {
  return {{{"type", "message_delta"},
           {"delta", {{"stop_reason", stop_reason}}},
           {"usage", {{"output_tokens", 3}}}},
          {{"type", "message_stop"}}};
}

inline Reply message_of(std::vector<std::vector<Json>> blocks, const std::string& stop_reason) {
  std::vector<Json> events{begin_of_message()};
  blocks.push_back(end_of_message(stop_reason));
  for (const auto& one : blocks) events.insert(events.end(), one.begin(), one.end());
  return anthropic_events(events);
}

inline Reply anthropic_says(const std::string& text) {
  return message_of({text_block(0, text)}, "end_turn");
}

// Thinks, and calls the tool `ns__look`.
inline Reply anthropic_calls(const std::string& id, const std::string& arguments) {
  return message_of(
      {block(0, {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}},
             {{{"type", "thinking_delta"}, {"thinking", "Hm"}},
              {{"type", "signature_delta"}, {"signature", "signed"}}}),
       block(1, {{"type", "tool_use"}, {"id", id}, {"name", "ns__look"}, {"input", Json::object()}},
             {{{"type", "input_json_delta"}, {"partial_json", arguments}}})},
      "tool_use");
}

inline Reply anthropic_document(const std::string& text) {
  return json_reply({{"id", "msg_0"},
                     {"type", "message"},
                     {"role", "assistant"},
                     {"content", {{{"type", "text"}, {"text", text}}}},
                     {"stop_reason", "end_turn"},
                     {"usage", {{"input_tokens", 10}, {"output_tokens", 3}}}});
}

inline Json anthropic_error_body(const std::string& type, const std::string& message) {
  return {{"type", "error"}, {"error", {{"type", type}, {"message", message}}}};
}

inline Config anthropic_config(const ScriptedUpstream& upstream,
                               const std::vector<std::string>& keys = {"sk-a"}) {
  Config config = config_for(upstream, keys);
  for (Resource& resource : config.resources) {
    resource.wire_api = "anthropic_messages";
    resource.dialect_config = R"({"family":"claude-opus-4-7"})";
  }
  return config;
}

// No request goes there any more.
inline void take_out(TestProxy& proxy, const char* resource_id) {
  REQUIRE(proxy.wait_until_idle());  // what the requests so far say of it is in
  Verdict out{Health::unhealthy, std::chrono::minutes(1), Millis(0), true, "HTTP 401"};
  proxy.resource(resource_id)->apply(out, proxy.wall_and_cooldowns().steady());
}

inline void answer_anthropic(ScriptedUpstream& upstream, std::vector<Reply> replies) {
  upstream.add({"", "POST", "/v1/messages", std::move(replies), true});
}

}  // namespace responses_proxy::testing
