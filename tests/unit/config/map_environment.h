// An Environment made of a map.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "responses_proxy/config.h"

namespace responses_proxy::testing {

using Variables = std::map<std::string, std::string>;

inline LoadedConfig load(Variables variables) {
  return load_config(
      [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
      });
}

// Everything a LoadedConfig says to people but for the values.
inline std::string messages(const LoadedConfig& loaded) {
  std::string text;
  for (const ConfigError& error : loaded.errors) text += error.message + "\n";
  for (const std::string& warning : loaded.warnings) text += warning + "\n";
  return text;
}

}  // namespace responses_proxy::testing
