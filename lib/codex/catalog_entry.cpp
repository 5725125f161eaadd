#include "codex/catalog_entry.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>

namespace responses_proxy {

namespace {

constexpr const char* kInstructions =
    "You are a coding agent running in the Codex CLI on the user's machine. Read files before you "
    "change them, use apply_patch for edits and exec_command for everything else, and finish the "
    "task before you answer.";

bool is_text(const Json& value) {
  return value.is_string();
}
bool is_flag(const Json& value) {
  return value.is_boolean();
}

bool is_count(const Json& value) {
  return value.is_number_integer() && value.get<std::int64_t>() > 0;
}

bool is_percent(const Json& value) {
  return is_count(value) && value.get<std::int64_t>() <= 100;
}

bool is_priority(const Json& value) {
  using Limits = std::numeric_limits<std::int32_t>;
  return value.is_number_integer() && value.get<std::int64_t>() >= Limits::min() &&
         value.get<std::int64_t>() <= Limits::max();
}

bool is_one_of(const Json& value, std::initializer_list<std::string_view> words) {
  return value.is_string() &&
         std::find(words.begin(), words.end(), value.get_ref<const std::string&>()) != words.end();
}

bool is_visibility(const Json& value) {
  return is_one_of(value, {"list", "hide", "none"});
}
bool is_patch_tool(const Json& value) {
  return value.is_null() || is_one_of(value, {"freeform"});
}
bool is_shell(const Json& value) {
  return is_one_of(value, {"unified_exec", "default", "local", "shell_command", "disabled"});
}
bool is_search_tool(const Json& value) {
  return is_one_of(value, {"text", "text_and_image"});
}
bool is_summary(const Json& value) {
  return is_one_of(value, {"none", "auto", "concise", "detailed"});
}
bool is_verbosity(const Json& value) {
  return is_one_of(value, {"low", "medium", "high"});
}
bool is_sub_agents(const Json& value) {
  return is_one_of(value, {"v1", "v2", "disabled"});
}
bool is_tool_mode(const Json& value) {
  return is_one_of(value, {"direct", "code_mode", "code_mode_only"});
}

bool is_modalities(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const Json& one) {
           return is_one_of(one, {"text", "image", "audio"});
         });
}

bool is_truncation(const Json& value) {
  return value.is_object() && value.contains("mode") && value.contains("limit") &&
         is_one_of(value["mode"], {"tokens", "bytes"}) && is_count(value["limit"]);
}

bool is_level(const Json& value) {
  return value.is_object() && value.contains("effort") && value.contains("description") &&
         value["effort"].is_string() && value["description"].is_string();
}

bool is_levels(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& one) {
           return one.is_string() || is_level(one);
         });
}

// What an alias can say, and what Codex takes there.
struct Word {
  const char* name;
  bool (*fits)(const Json&);
};
constexpr std::array<Word, 28> kWords{{{"display_name", is_text},
                                       {"description", is_text},
                                       {"base_instructions", is_text},
                                       {"visibility", is_visibility},
                                       {"priority", is_priority},
                                       {"context_window", is_count},
                                       {"max_context_window", is_count},
                                       {"effective_context_window_percent", is_percent},
                                       {"auto_compact_token_limit", is_count},
                                       {"truncation_policy", is_truncation},
                                       {"supported_reasoning_levels", is_levels},
                                       {"default_reasoning_level", is_text},
                                       {"default_reasoning_summary", is_summary},
                                       {"supports_reasoning_summary_parameter", is_flag},
                                       {"support_verbosity", is_flag},
                                       {"default_verbosity", is_verbosity},
                                       {"shell_type", is_shell},
                                       {"apply_patch_tool_type", is_patch_tool},
                                       {"web_search_tool_type", is_search_tool},
                                       {"input_modalities", is_modalities},
                                       {"multi_agent_version", is_sub_agents},
                                       {"tool_mode", is_tool_mode},
                                       {"use_responses_lite", is_flag},
                                       {"supports_search_tool", is_flag},
                                       {"include_skills_usage_instructions", is_flag},
                                       {"include_plugin_usage_instructions", is_flag},
                                       {"include_apps_usage_instructions", is_flag},
                                       {"supports_image_detail_original", is_flag}}};

Json default_entry() {
  return {{"supported_reasoning_levels", Json::array()},
          {"shell_type", "unified_exec"},
          {"visibility", "list"},
          {"supported_in_api", true},
          {"default_reasoning_summary", "none"},
          {"support_verbosity", false},
          {"apply_patch_tool_type", "freeform"},
          {"web_search_tool_type", "text"},
          {"truncation_policy", {{"mode", "tokens"}, {"limit", 10'000}}},
          {"experimental_supported_tools", Json::array()},
          {"input_modalities", {"text", "image"}},
          {"supports_search_tool", false},
          {"use_responses_lite", false},
          {"multi_agent_version", "disabled"},
          {"include_skills_usage_instructions", true},
          {"include_plugin_usage_instructions", false},
          {"include_apps_usage_instructions", false},
          {"base_instructions", kInstructions}};
}

// "low" stands for a level without more words.
Json levels_of(const Json& given) {
  Json levels = Json::array();
  for (const Json& one : given) {
    levels.push_back(one.is_string() ? Json{{"effort", one}, {"description", one}} : one);
  }
  return levels;
}

void add_own_words(Json& entry, std::string_view capabilities) {
  const Json own = Json::parse(capabilities, nullptr, false);
  if (!own.is_object()) return;
  for (const Word& word : kWords) {
    const auto found = own.find(word.name);
    if (found == own.end() || !word.fits(*found)) continue;
    const bool levels = word.fits == is_levels;
    entry[word.name] = levels ? levels_of(*found) : *found;
  }
}

}  // namespace

Json catalog_entry(const EntryOf& alias, const Json* of_model) {
  Json entry = of_model != nullptr ? *of_model : default_entry();
  entry["slug"] = alias.slug;
  entry["display_name"] = alias.display_name.empty() ? alias.slug : alias.display_name;
  entry["priority"] = alias.priority;
  // They speak of the model under its own name.
  entry.erase("upgrade");
  entry.erase("availability_nux");
  add_own_words(entry, alias.capabilities);
  if (!entry.contains("context_window") || !is_count(entry["context_window"])) {
    entry["context_window"] = kDefaultContextWindow;
  }
  if (alias.translated) {
    entry["multi_agent_version"] = "disabled";
    entry["use_responses_lite"] = false;
    entry["tool_mode"] = "direct";
  }
  return entry;
}

}  // namespace responses_proxy
