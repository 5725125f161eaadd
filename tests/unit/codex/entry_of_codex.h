// Catalog entries as Codex writes them.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"

namespace responses_proxy::testing {

inline Json entry_of_codex(const std::string& slug) {
  return {
      {"slug", slug},
      {"display_name", "Of Codex"},
      {"supported_reasoning_levels", Json::array({{{"effort", "low"}, {"description", "Fast"}}})},
      {"shell_type", "unified_exec"},
      {"visibility", "list"},
      {"supported_in_api", true},
      {"priority", 1},
      {"support_verbosity", true},
      {"truncation_policy", {{"mode", "tokens"}, {"limit", 10'000}}},
      {"experimental_supported_tools", Json::array()},
      {"base_instructions", "You are Codex."},
      {"context_window", 272'000},
      {"use_responses_lite", true},
      {"tool_mode", "code_mode_only"},
      {"multi_agent_version", "v2"},
      {"upgrade", {{"model", "gpt-10"}}}};
}

inline std::string catalog_of(const std::vector<Json>& entries) {
  return dump({{"models", entries}});
}

}  // namespace responses_proxy::testing
