// What a provider that speaks Chat Completions answers, and a proxy before it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/test_proxy.h"

namespace responses_proxy::testing {

constexpr const char* kChatPath = "/v1/chat/completions";
inline const Json kChatUsage{{"prompt_tokens", 10}, {"completion_tokens", 3}, {"total_tokens", 13}};

inline Json chunk(const Json& delta, const char* finish_reason = nullptr) {
  Json choice{{"index", 0}, {"delta", delta}};
  if (finish_reason != nullptr) choice["finish_reason"] = finish_reason;
  return {{"id", "chatcmpl-0"}, {"choices", {choice}}};
}

inline Reply chunks(const std::vector<Json>& all, bool done = true) {
  Reply reply;
  reply.headers.add("Content-Type", "text/event-stream");
  for (const Json& one : all) reply.steps.push_back(Step::write("data: " + dump(one) + "\n\n"));
  if (done) reply.steps.push_back(Step::write("data: [DONE]\n\n"));
  return reply;
}

inline Reply says(const std::string& text) {
  return chunks({chunk({{"role", "assistant"}, {"content", ""}}),
                 chunk({{"content", text}}),
                 chunk(Json::object(), "stop"),
                 {{"choices", Json::array()}, {"usage", kChatUsage}}});
}

inline Reply document(const std::string& text) {
  return json_reply({{"id", "chatcmpl-0"},
                     {"choices",
                      {{{"index", 0},
                        {"message", {{"role", "assistant"}, {"content", text}}},
                        {"finish_reason", "stop"}}}},
                     {"usage", kChatUsage}});
}

inline Config chat_config(const ScriptedUpstream& upstream,
                          const std::vector<std::string>& keys = {"sk-a"}) {
  Config config = config_for(upstream, keys);
  for (Resource& resource : config.resources) {
    resource.wire_api = "chat_completions";
    resource.dialect_config = R"({"reasoning_field":"reasoning_content"})";
  }
  return config;
}

inline void answer_chat(ScriptedUpstream& upstream, std::vector<Reply> replies) {
  upstream.add({"", "POST", kChatPath, std::move(replies), true});
}

inline Json messages_of(const RecordedRequest& request) {
  return Json::parse(request.body).at("messages");
}

}  // namespace responses_proxy::testing
