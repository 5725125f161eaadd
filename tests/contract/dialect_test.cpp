// The contract of dialects, on those that are built in and on one that has nothing in common with
// them.
#include "contract/dialect_contract.h"
#include "fakes/shouting_dialect.h"

namespace {

using responses_proxy::Dialect;
using responses_proxy::dump;
using responses_proxy::Headers;
using responses_proxy::Json;

struct Responses {
  std::unique_ptr<Dialect> make() { return responses_proxy::make_responses_dialect(); }
  static Json response(const char* status) {
    return {{"id", "resp_7"},
            {"object", "response"},
            {"status", status},
            {"output", {item()}},
            {"usage", {{"input_tokens", 1}, {"output_tokens", 3}, {"total_tokens", 4}}}};
  }
  static Json item() {
    return {{"type", "message"}, {"content", {{{"type", "output_text"}, {"text", "Hi there"}}}}};
  }
  std::string document() { return dump(response("completed")); }
  std::string stream() {
    const Json begun{{"id", "resp_7"}, {"status", "in_progress"}};
    std::string stream;
    int number = 0;
    for (Json event : {Json{{"type", "response.created"}, {"response", begun}},
                       Json{{"type", "response.output_text.delta"}, {"delta", "Hi "}},
                       Json{{"type", "response.output_text.delta"}, {"delta", "there"}},
                       Json{{"type", "response.output_item.done"}, {"item", item()}},
                       Json{{"type", "response.completed"}, {"response", response("completed")}}}) {
      event["sequence_number"] = number++;
      stream += "event: " + event["type"].get<std::string>() + "\ndata: " + dump(event) + "\n\n";
    }
    return stream;
  }
  Headers error_headers(const std::string& kind) {
    return kind == "limit" ? Headers{{"retry-after", "5"}} : Headers{};
  }
  std::string error(const std::string& kind) {
    const std::string code = kind == "limit" ? "rate_limit_exceeded"
                             : kind == "key" ? "invalid_api_key"
                                             : "server_error";
    return dump({{"error", {{"code", code}, {"type", "t"}, {"message", "why"}}}});
  }
};

struct Shouting {
  std::unique_ptr<Dialect> make() { return responses_proxy::testing::make_shouting_dialect(); }
  std::string document() { return R"({"id":"7","shout":"Hi there","breath":3})"; }
  std::string stream() {
    return "data: {\"id\":\"7\"}\n\ndata: {\"part\":\"Hi \"}\n\ndata: {\"part\":\"there\"}\n\n"
           "data: {\"over\":true,\"breath\":3}\n\n";
  }
  Headers error_headers(const std::string&) { return {}; }
  std::string error(const std::string& kind) {
    if (kind == "limit") return R"({"problem":"busy","why":"too many voices","wait":5})";
    return dump({{"problem", kind == "key" ? "stranger" : "hoarse"}, {"why", "why"}});
  }
};

struct ChatCompletions {
  std::unique_ptr<Dialect> make() { return responses_proxy::make_chat_completions_dialect(); }
  std::string document() {
    return R"({"id":"chatcmpl-1","choices":[{"index":0,"message":{"role":"assistant",)"
           R"("content":"Hi there"},"finish_reason":"stop"}],)"
           R"("usage":{"prompt_tokens":1,"completion_tokens":3,"total_tokens":4}})";
  }
  std::string stream() {
    std::string stream = ": OPENROUTER PROCESSING\n\n";
    for (const char* chunk :
         {R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})",
          R"({"choices":[{"index":0,"delta":{"content":"Hi "}}]})",
          R"({"choices":[{"index":0,"delta":{"content":"there"}}]})",
          R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
          R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":3,"total_tokens":4}})",
          "[DONE]"}) {
      stream.append("data: ").append(chunk).append("\n\n");
    }
    return stream;
  }
  Headers error_headers(const std::string& kind) {
    return kind == "limit" ? Headers{{"retry-after", "5"}} : Headers{};
  }
  std::string error(const std::string& kind) {
    if (kind == "trouble")
      return R"([{"error":{"code":503,"message":"why","status":"UNAVAILABLE"}}])";
    const std::string type = kind == "limit" ? "rate_limit_reached_error" : "auth_error";
    return dump({{"error", {{"type", type}, {"message", "why"}}}});
  }
};

struct AnthropicMessages {
  std::unique_ptr<Dialect> make() { return responses_proxy::make_anthropic_messages_dialect(); }
  std::string document() {
    return R"({"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text",)"
           R"("text":"Hi there"}],"stop_reason":"end_turn","usage":{"input_tokens":1,)"
           R"("output_tokens":3}})";
  }
  std::string stream() {
    std::string stream;
    for (const char* event :
         {R"({"type":"message_start","message":{"id":"msg_1","content":[],"usage":)"
          R"({"input_tokens":1,"output_tokens":1}}})",
          R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
          R"({"type":"ping"})",
          R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi "}})",
          R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":)"
          R"("there"}})",
          R"({"type":"content_block_stop","index":0})",
          R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
          R"("usage":{"output_tokens":3}})",
          R"({"type":"message_stop"})"}) {
      stream += "event: " + Json::parse(event)["type"].get<std::string>() + "\ndata: " + event;
      stream += "\n\n";
    }
    return stream;
  }
  Headers error_headers(const std::string& kind) {
    if (kind != "limit") return {};
    return {{"anthropic-ratelimit-requests-remaining", "0"},
            {"anthropic-ratelimit-requests-limit", "50"},
            {"anthropic-ratelimit-requests-reset", "1970-01-01T00:00:05Z"}};
  }
  std::string error(const std::string& kind) {
    const char* const type = kind == "limit" ? "rate_limit_error"
                             : kind == "key" ? "authentication_error"
                                             : "overloaded_error";
    return dump({{"type", "error"}, {"error", {{"type", type}, {"message", "why"}}}});
  }
};

}  // namespace

DIALECT_CONTRACT(Responses)
SOCKET_DIALECT_CONTRACT(Responses)
DIALECT_CONTRACT(ChatCompletions)
DIALECT_CONTRACT(AnthropicMessages)
DIALECT_CONTRACT(Shouting)
