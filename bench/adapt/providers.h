// The same small answers, as providers of each wire format give them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace responses_proxy::bench {

struct Provider {
  std::string_view wire_api;
  std::string_view document;  // a whole answer
  std::string_view head;      // of a stream: what comes before the text
  std::string_view delta;     // one piece of the text, in one event
  std::string_view tail;      // the end of the stream
};

// An event of about 280 bytes, the size of bench/relay.
inline constexpr Provider kResponses{
    "responses",
    R"({"id":"resp_0123456789abcdef0123456789abcdef","object":"response","created_at":1795219200,)"
    R"("status":"completed","model":"m","output":[{"id":"msg_0123456789abcdef","type":"message",)"
    R"("status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],)"
    R"("text":"The house is blue, and so is its door."}]}],"parallel_tool_calls":true,"tools":[],)"
    R"("usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":0},"output_tokens":12,)"
    R"("output_tokens_details":{"reasoning_tokens":0},"total_tokens":22}})",
    "event: response.created\n"
    R"(data: {"type":"response.created","sequence_number":0,"response":{"id":)"
    R"("resp_0123456789abcdef0123456789abcdef","object":"response","status":"in_progress"}})"
    "\n\n",
    "event: response.output_text.delta\n"
    R"(data: {"type":"response.output_text.delta","sequence_number":1,"item_id":)"
    R"("msg_0123456789abcdef0123456789abcdef0123456789abcdef","output_index":0,"content_index":0,)"
    R"("delta":" of the house","logprobs":[],"obfuscation":"Zk3bQ9dLw"})"
    "\n\n",
    "event: response.completed\n"
    R"(data: {"type":"response.completed","sequence_number":2,"response":{"id":)"
    R"("resp_0123456789abcdef0123456789abcdef","object":"response","status":"completed","usage":)"
    R"({"input_tokens":10,"output_tokens":12,"total_tokens":22}}})"
    "\n\n"};

inline constexpr Provider kChat{
    "chat_completions",
    R"({"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":)"
    R"(1795219200,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":)"
    R"("The house is blue, and so is its door.","refusal":null,"annotations":[]},"logprobs":null,)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":12,)"
    R"("total_tokens":22,"prompt_tokens_details":{"cached_tokens":0}}})",
    R"(data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk",)"
    R"("created":1795219200,"model":"m","choices":[{"index":0,"delta":{"role":"assistant",)"
    R"("content":""},"logprobs":null,"finish_reason":null}]})"
    "\n\n",
    R"(data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk",)"
    R"("created":1795219200,"model":"m","service_tier":"default","system_fingerprint":)"
    R"("fp_44709d6fcb","choices":[{"index":0,"delta":{"content":" of the house"},"logprobs":null,)"
    R"("finish_reason":null}]})"
    "\n\n",
    R"(data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk",)"
    R"("created":1795219200,"model":"m","choices":[{"index":0,"delta":{},"logprobs":null,)"
    R"("finish_reason":"stop"}]})"
    "\n\ndata: [DONE]\n\n"};

inline constexpr Provider kAnthropic{
    "anthropic_messages",
    R"({"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"m",)"
    R"("content":[{"type":"text","text":"The house is blue, and so is its door."}],"stop_reason":)"
    R"("end_turn","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":)"
    R"(0,"cache_read_input_tokens":0,"output_tokens":12}})",
    "event: message_start\n"
    R"(data: {"type":"message_start","message":{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":)"
    R"("message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":)"
    R"({"input_tokens":10,"output_tokens":1}}})"
    "\n\nevent: content_block_start\n"
    R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
    "\n\n",
    "event: content_block_delta\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":)"
    R"(" of the house"}})"
    "\n\n",
    "event: content_block_stop\n"
    R"(data: {"type":"content_block_stop","index":0})"
    "\n\nevent: message_delta\n"
    R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":)"
    R"({"output_tokens":12}})"
    "\n\nevent: message_stop\n"
    R"(data: {"type":"message_stop"})"
    "\n\n"};

}  // namespace responses_proxy::bench
