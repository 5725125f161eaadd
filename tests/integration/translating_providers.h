// The providers that do not speak the Responses API, as far as they are all the same to a client:
// what is shown of one is shown of each.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "integration/anthropic_provider.h"
#include "integration/chat_provider.h"

namespace responses_proxy::testing {

struct TranslatingProvider {
  const char* name;
  Config (*config)(const ScriptedUpstream&, const std::vector<std::string>& keys);
  void (*answer)(ScriptedUpstream&, std::vector<Reply>);
  Reply (*says)(const std::string& text);
  Reply (*document)(const std::string& text);
  // Thinks, and calls the tool `look` of the namespace `ns`.
  Reply (*calls)(const std::string& id, const std::string& arguments);
  Reply (*overload)(bool in_band, bool stream);
  Reply (*too_long)();
  // A text without an end. `broken`: neither has its connection.
  Reply (*cut)(bool broken);
  // The same, and then nothing.
  Reply (*stalls)();
  // An error behind a text.
  Reply (*late_error)();
  // What it was told: "user: go | call ns__look {} | output seen | assistant: Done".
  std::string (*told)(const RecordedRequest&);
  std::string (*key)(const RecordedRequest&);
};

inline const Json kLook = Json::parse(R"([{"type":"namespace","name":"ns","tools":[
  {"type":"function","name":"look","parameters":{"type":"object"}}]}])");

namespace chat {

inline Reply calls(const std::string& id, const std::string& arguments) {
  const Json call{
      {"index", 0}, {"id", id}, {"function", {{"name", "ns__look"}, {"arguments", arguments}}}};
  return chunks({chunk({{"reasoning_content", "Hm"}}), chunk({{"tool_calls", {call}}}),
                 chunk(Json::object(), "tool_calls")});
}

inline Reply overload(bool in_band, bool stream) {
  const Json trouble{{"error", {{"code", 502}, {"message", "Provider returned error"}}}};
  return in_band && stream ? chunks({trouble}, false) : json_reply(trouble, in_band ? 200 : 502);
}

inline Reply too_long() {
  return json_reply({{"error",
                      {{"code", 500},
                       {"type", "exceed_context_size_error"},
                       {"message", "the request exceeds the available context size"}}}},
                    500);
}

inline Reply cut(bool broken) {
  Reply reply = chunks({chunk({{"content", "Hi"}})}, false);
  if (broken) reply.steps.push_back(Step::reset());
  return reply;
}

inline Reply stalls() {
  Reply reply = cut(false);
  reply.steps.push_back(Step::stall());
  return reply;
}

inline Reply late_error() {
  const Json trouble{{"error", {{"code", 502}, {"message", "Provider returned error"}}}};
  return chunks({chunk({{"content", "Hi"}}), trouble}, false);
}

inline std::string told(const RecordedRequest& request) {
  std::string all;
  const auto add = [&all](const std::string& line) { all += (all.empty() ? "" : " | ") + line; };
  for (const Json& message : messages_of(request)) {
    const std::string role = message["role"];
    const std::string text =
        message["content"].is_string() ? message["content"].get<std::string>() : std::string();
    if (role == "tool") {
      add("output " + text);
    } else if (!text.empty() || !message.contains("tool_calls")) {
      add(role + ": " + text);
    }
    if (!message.contains("tool_calls")) continue;
    for (const Json& call : message["tool_calls"]) {
      const Json& function = call["function"];
      add("call " + function["name"].get<std::string>() + " " +
          function["arguments"].get<std::string>());
    }
  }
  return all;
}

inline std::string key(const RecordedRequest& request) {
  return request.key;
}

}  // namespace chat

namespace anthropic {

inline Reply overload(bool in_band, bool stream) {
  const Json trouble = anthropic_error_body("overloaded_error", "Overloaded");
  if (in_band && stream) return anthropic_events({begin_of_message(), trouble});
  return json_reply(trouble, in_band ? 200 : 529);
}

inline Reply too_long() {
  return json_reply(anthropic_error_body("invalid_request_error",
                                         "prompt is too long: 210000 tokens > 200000 maximum"),
                    400);
}

inline Reply cut(bool broken) {
  std::vector<Json> events{begin_of_message()};
  const auto text = text_block(0, "Hi");
  events.insert(events.end(), text.begin(), text.end());
  events.push_back(end_of_message("end_turn").front());  // but no message_stop
  Reply reply = anthropic_events(events);
  if (broken) reply.steps.push_back(Step::reset());
  return reply;
}

inline Reply stalls() {
  const auto text = text_block(0, "Hi");
  Reply reply = anthropic_events({begin_of_message(), text[0], text[1]});
  reply.steps.push_back(Step::stall());
  return reply;
}

inline Reply late_error() {
  std::vector<Json> events{begin_of_message()};
  const auto text = text_block(0, "Hi");
  events.insert(events.end(), text.begin(), text.end());
  events.push_back(anthropic_error_body("overloaded_error", "Overloaded"));
  return anthropic_events(events);
}

inline std::string told(const RecordedRequest& request) {
  std::string all;
  const auto add = [&all](const std::string& line) { all += (all.empty() ? "" : " | ") + line; };
  const Json body = Json::parse(request.body);
  if (body.contains("system")) add("system: " + body["system"][0]["text"].get<std::string>());
  for (const Json& message : body["messages"]) {
    for (const Json& block : message["content"]) {
      const std::string type = block["type"];
      if (type == "text")
        add(message["role"].get<std::string>() + ": " + block["text"].get<std::string>());
      if (type == "tool_use")
        add("call " + block["name"].get<std::string>() + " " + dump(block["input"]));
      if (type == "tool_result") {
        const Json& content = block["content"];
        add("output " + (content.is_string() ? content : content[0]["text"]).get<std::string>());
      }
    }
  }
  return all;
}

inline std::string key(const RecordedRequest& request) {
  return std::string(request.headers.get("x-api-key"));
}

}  // namespace anthropic

inline const std::array<TranslatingProvider, 2> kTranslatingProviders = {
    TranslatingProvider{"chat_completions", chat_config, answer_chat, says, document, chat::calls,
                        chat::overload, chat::too_long, chat::cut, chat::stalls, chat::late_error,
                        chat::told, chat::key},
    TranslatingProvider{"anthropic_messages", anthropic_config, answer_anthropic, anthropic_says,
                        anthropic_document, anthropic_calls, anthropic::overload,
                        anthropic::too_long, anthropic::cut, anthropic::stalls,
                        anthropic::late_error, anthropic::told, anthropic::key}};

}  // namespace responses_proxy::testing

// A test case that is run on each of them, as `provider`.
#define EACH_TRANSLATING_PROVIDER(provider)                            \
  for (const responses_proxy::testing::TranslatingProvider& provider : \
       responses_proxy::testing::kTranslatingProviders)
