#include "dialects/chat_completions/chat_settings.h"

#include "dialects/chat_completions/chat_presets.h"
#include "dialects/translation/known_effort.h"
#include "dialects/translation/settings_json.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

void read_settings(element object, ChatSettings& settings) {
  read_text(object, "endpoint_path", settings.endpoint_path);
  read_text(object, "max_tokens_field", settings.max_tokens_field);
  read_text(object, "reasoning_field", settings.reasoning_field);
  read_text(object, "effort_field", settings.effort_field);
  read_text(object, "structured_output", settings.structured_output);
  read_flag(object, "reasoning_required", settings.reasoning_required);
  read_flag(object, "developer_role", settings.developer_role);
  read_flag(object, "sampling", settings.sampling);
  read_flag(object, "strict", settings.strict);
  read_flag(object, "parallel_tool_calls", settings.parallel_tool_calls);
  read_flag(object, "allowed_tools", settings.allowed_tools);
  read_flag(object, "stream_usage", settings.stream_usage);
  read_flag(object, "verbosity", settings.verbosity);
  read_flag(object, "images", settings.images);
  read_flag(object, "files", settings.files);
  read_flag(object, "think_tags", settings.think_tags);
  read_list(object, "efforts", settings.efforts);
  read_list(object, "fields", settings.fields);
  read_object(object, "effort_off", settings.effort_off);
  read_text(object, "foreign_reasoning", settings.foreign_reasoning);
  read_object(object, "body", settings.body);
  settings.images = takes_input(object, "image").value_or(settings.images);
  settings.files = settings.files || takes_input(object, "file").value_or(false);
}

}  // namespace

ChatSettings chat_settings(std::string_view base_url, std::string_view dialect_config,
                           std::string_view capabilities) {
  ChatSettings settings;
  const std::string preset = setting_named("preset", dialect_config);
  for (const std::string_view json :
       {chat_preset(preset, base_url), dialect_config, capabilities}) {
    read_settings_json(json, [&](element root) { read_settings(root, settings); });
  }
  return settings;
}

std::string effective_effort(const ChatSettings& settings, std::string_view asked) {
  if (asked.empty()) return {};
  if (asked == "none" && !settings.effort_off.empty()) return "none";
  if (settings.effort_field.empty()) return {};
  const auto& known = settings.efforts;
  if (known.empty()) return asked == "none" ? std::string() : std::string(asked);
  return known_effort(known, asked);
}

}  // namespace responses_proxy
