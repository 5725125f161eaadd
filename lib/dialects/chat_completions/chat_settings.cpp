#include "dialects/chat_completions/chat_settings.h"

#include <algorithm>
#include <array>

#include "core/json_reader.h"
#include "dialects/chat_completions/chat_presets.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

constexpr std::array<std::string_view, 7> kEfforts = {"none", "minimal", "low", "medium",
                                                      "high", "xhigh",   "max"};

void read_text(element object, std::string_view key, std::string& into) {
  std::string_view text;
  if (object[key].get(text) == simdjson::SUCCESS) into = text;
}

void read_flag(element object, std::string_view key, bool& into) {
  bool flag = false;
  if (object[key].get(flag) == simdjson::SUCCESS) into = flag;
}

void read_list(element object, std::string_view key, std::vector<std::string>& into) {
  simdjson::dom::array array;
  if (object[key].get(array) != simdjson::SUCCESS) return;
  into.clear();
  for (const element one : array) {
    std::string_view text;
    if (one.get(text) == simdjson::SUCCESS) into.emplace_back(text);
  }
}

void read_object(element object, std::string_view key, std::string& into) {
  element found;
  if (object[key].get(found) != simdjson::SUCCESS || !found.is_object()) return;
  into = simdjson::minify(found);
}

// What an alias says of its model, in the words of catalogs.
void read_modalities(element object, ChatSettings& settings) {
  std::vector<std::string> modalities;
  read_list(object, "input_modalities", modalities);
  if (modalities.empty()) return;
  const auto takes = [&](std::string_view what) {
    return std::find(modalities.begin(), modalities.end(), what) != modalities.end();
  };
  settings.images = takes("image");
  settings.files = settings.files || takes("file");
}

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
  read_object(object, "body", settings.body);
  read_modalities(object, settings);
}

void read_json_settings(std::string_view json, ChatSettings& settings) {
  if (json.empty() || json == "{}") return;
  read_json(json, [&](element root) {
    if (root.is_object()) read_settings(root, settings);
  });
}

std::string preset_name(std::string_view dialect_config) {
  std::string name;
  if (dialect_config.find("\"preset\"") == std::string_view::npos) return name;
  read_json(dialect_config, [&](element root) { read_text(root, "preset", name); });
  return name;
}

std::size_t rank(std::string_view effort) {
  const auto* const found = std::find(kEfforts.begin(), kEfforts.end(), effort);
  return static_cast<std::size_t>(found - kEfforts.begin());
}

}  // namespace

ChatSettings chat_settings(std::string_view base_url, std::string_view dialect_config,
                           std::string_view capabilities) {
  ChatSettings settings;
  const std::string preset = preset_name(dialect_config);
  read_json_settings(chat_preset(preset, base_url), settings);
  read_json_settings(dialect_config, settings);
  read_json_settings(capabilities, settings);
  return settings;
}

std::string effective_effort(const ChatSettings& settings, std::string_view asked) {
  if (asked.empty()) return {};
  if (asked == "none" && !settings.effort_off.empty()) return "none";
  if (settings.effort_field.empty()) return {};
  const auto& known = settings.efforts;
  if (known.empty()) return asked == "none" ? std::string() : std::string(asked);
  if (std::find(known.begin(), known.end(), asked) != known.end()) return std::string(asked);
  if (asked == "none") return {};
  const std::string* higher = nullptr;
  const std::string* highest = nullptr;
  for (const std::string& one : known) {
    if (one == "none") continue;
    if (highest == nullptr || rank(one) > rank(*highest)) highest = &one;
    const bool enough = rank(one) >= rank(asked);
    if (enough && (higher == nullptr || rank(one) < rank(*higher))) higher = &one;
  }
  if (higher != nullptr) return *higher;
  return highest != nullptr ? *highest : std::string();
}

}  // namespace responses_proxy
