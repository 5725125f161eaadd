// ChatSettings: how one provider's Chat Completions differ from another's, as data.
//
//   endpoint_path        "chat/completions"
//   max_tokens_field     "max_tokens" | "max_completion_tokens"
//   reasoning_field      the member of an assistant's message that takes its thoughts back:
//                        "reasoning_content", "reasoning", "reasoning_details"; "" = none
//   reasoning_required   it has to be there beside every call, "" where nothing was thought
//   effort_field         "reasoning_effort"; "a.b" = member b of object a; "" = none
//   efforts              the efforts it knows; others become the next higher one, or the highest
//   effort_off           members of the request that switch thinking off
//   developer_role       messages of the developer keep their role
//   sampling             temperature and top_p may be sent
//   strict               tools may be strict
//   parallel_tool_calls  may be sent
//   allowed_tools        the tool_choice of that name is known; else the tools are filtered
//   structured_output    "json_schema" | "json_object" | "none"
//   stream_usage         stream_options.include_usage may be sent
//   verbosity            may be sent
//   images, files        may stand in messages
//   think_tags           thoughts come as <think>...</think> at the beginning of the text
//   foreign_reasoning    "drop" | "text": thoughts that another provider has made, where this one
//                        takes none back
//   fields               members of the request that go up as they are
//   body                 members that are added to every request
//
// Role       Read from, later ones winning: the preset (by the name in `preset`, else by the host
//            of the base URL), Resource::dialect_config, Turn::capabilities.
// Errors     None: what is of another type, or not known, counts as not said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace responses_proxy {

struct ChatSettings {
  std::string endpoint_path = "chat/completions";
  std::string max_tokens_field = "max_tokens";
  std::string reasoning_field;
  bool reasoning_required = false;
  std::string effort_field = "reasoning_effort";
  std::vector<std::string> efforts;  // empty: any
  std::string effort_off;            // a JSON object; "" = there is no switch
  bool developer_role = false;
  bool sampling = true;
  bool strict = true;
  bool parallel_tool_calls = true;
  bool allowed_tools = false;
  std::string structured_output = "json_schema";
  bool stream_usage = true;
  bool verbosity = false;
  bool images = true;
  bool files = false;
  bool think_tags = false;
  std::vector<std::string> fields;
  std::string foreign_reasoning;  // "" = as the proxy is set
  std::string body;               // a JSON object; "" = nothing
};

ChatSettings chat_settings(std::string_view base_url, std::string_view dialect_config,
                           std::string_view capabilities);

// The effort that is sent where that one was asked for; "" = none can be.
std::string effective_effort(const ChatSettings& settings, std::string_view asked);

}  // namespace responses_proxy
