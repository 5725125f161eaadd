#include "dialects/chat_completions/chat_request.h"

#include "core/json_reader.h"
#include "core/json_text.h"
#include "dialects/chat_completions/chat_messages.h"
#include "dialects/translation/read_tools.h"

namespace responses_proxy {

namespace {

using Mode = ToolChoice::Mode;

constexpr std::string_view kNoParameters = R"({"type":"object","properties":{}})";

void put_tool(JsonText& out, const ToolDeclaration& tool, const std::string& wire, bool strict) {
  out.begin_object().put("type", "function").key("function").begin_object().put("name", wire);
  if (!tool.description.empty()) out.put("description", tool.description);
  out.put_raw("parameters", tool.parameters.empty() ? kNoParameters : tool.parameters);
  if (strict && tool.strict.value_or(false)) out.put_boolean("strict", true);
  out.end_object().end_object();
}

void put_function(JsonText& out, const std::string& wire) {
  out.begin_object().put("type", "function").key("function").begin_object().put("name", wire);
  out.end_object().end_object();
}

void put_choice(JsonText& out, const Conversation& conversation, const ChatSettings& settings) {
  const ToolChoice& choice = conversation.tool_choice;
  switch (choice.mode) {
    case Mode::unset:
      return;
    case Mode::automatic:
      out.put("tool_choice", "auto");
      return;
    case Mode::none:
      out.put("tool_choice", "none");
      return;
    case Mode::required:
      out.put("tool_choice", "required");
      return;
    case Mode::tool:
      put_function(out.key("tool_choice"), conversation.names[choice.tool].wire);
      return;
    case Mode::allowed:
      break;
  }
  const std::string_view mode = choice.allowed_required ? "required" : "auto";
  if (!settings.allowed_tools) {
    out.put("tool_choice", mode);
    return;
  }
  out.key("tool_choice").begin_object().put("type", "allowed_tools").key("allowed_tools");
  out.begin_object().put("mode", mode).key("tools").begin_array();
  for (const std::size_t tool : choice.allowed) put_function(out, conversation.names[tool].wire);
  out.end_array().end_object().end_object();
}

// Without tools neither a choice nor anything else about them.
void put_tools(JsonText& out, const Conversation& conversation, const ChatSettings& settings) {
  if (conversation.tools.empty()) return;
  out.key("tools").begin_array();
  const auto put = [&](const ToolDeclaration& tool) {
    put_tool(out, tool, conversation.names[tool.name].wire, settings.strict);
  };
  if (settings.allowed_tools) {
    for (const ToolDeclaration& tool : conversation.tools) put(tool);
  } else {
    for (const ToolDeclaration* tool : allowed_tools(conversation)) put(*tool);
  }
  out.end_array();
  put_choice(out, conversation, settings);
  if (conversation.parallel_tool_calls && settings.parallel_tool_calls) {
    out.put_boolean("parallel_tool_calls", *conversation.parallel_tool_calls);
  }
}

void put_format(JsonText& out, const TextFormat& format, const ChatSettings& settings) {
  using FormatKind = TextFormat::Kind;
  if (format.kind == FormatKind::text || settings.structured_output == "none") return;
  const bool schema = format.kind == FormatKind::json_schema && format.schema &&
                      settings.structured_output == "json_schema";
  out.key("response_format").begin_object();
  if (!schema) {
    out.put("type", "json_object").end_object();
    return;
  }
  out.put("type", "json_schema").key("json_schema").begin_object();
  out.put("name", format.name.empty() ? "answer" : format.name);
  if (!format.description.empty()) out.put("description", format.description);
  out.put_raw("schema", simdjson::minify(*format.schema));
  if (format.strict) out.put_boolean("strict", *format.strict);
  out.end_object().end_object();
}

// The members of an object, without its brackets.
std::string_view members_of(std::string_view object) {
  return object.size() < 2 ? std::string_view() : object.substr(1, object.size() - 2);
}

void put_effort(JsonText& out, const std::string& effort, const ChatSettings& settings) {
  if (effort.empty()) return;
  if (effort == "none" && !settings.effort_off.empty()) {
    out.raw(members_of(settings.effort_off));
    return;
  }
  const std::size_t dot = settings.effort_field.find('.');
  const std::string_view field = settings.effort_field;
  if (dot == std::string::npos) {
    out.put(field, effort);
  } else {
    out.key(field.substr(0, dot)).begin_object().put(field.substr(dot + 1), effort).end_object();
  }
}

void put_options(JsonText& out, const Conversation& conversation, const ChatSettings& settings) {
  if (conversation.max_output_tokens) {
    out.put_number(settings.max_tokens_field, *conversation.max_output_tokens);
  }
  if (settings.sampling && !conversation.temperature.empty()) {
    out.put_raw("temperature", conversation.temperature);
  }
  if (settings.sampling && !conversation.top_p.empty()) out.put_raw("top_p", conversation.top_p);
  put_effort(out, conversation.effort, settings);
  if (settings.verbosity && !conversation.verbosity.empty()) {
    out.put("verbosity", conversation.verbosity);
  }
  for (const std::string& field : settings.fields) {
    simdjson::dom::element value;
    const bool sent = conversation.request[field].get(value) == simdjson::SUCCESS;
    if (sent && !value.is_null()) out.put_raw(field, simdjson::minify(value));
  }
}

}  // namespace

Result<std::string> chat_request(Conversation& conversation, const ChatTarget& target) {
  const ChatSettings& settings = target.settings;
  conversation.effort = effective_effort(settings, conversation.effort);
  JsonText out;
  out.begin_object().put("model", target.model);
  if (conversation.stream) {
    out.put_boolean("stream", true);
    if (settings.stream_usage) {
      out.key("stream_options").begin_object().put_boolean("include_usage", true).end_object();
    }
  }
  put_options(out, conversation, settings);
  out.raw(members_of(settings.body));
  put_format(out, conversation.format, settings);
  put_tools(out, conversation, settings);
  out.key("messages").begin_array();
  if (auto error = put_chat_messages(out, conversation, target)) return *error;
  return out.end_array().end_object().take();
}

}  // namespace responses_proxy
