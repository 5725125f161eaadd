// rp-server codex: sets Codex up for a proxy that is running.
//
// config   prints the provider for config.toml
// catalog  prints the catalog of the proxy's models, with what MODEL_CATALOG_JSON adds here
// run      becomes the Codex CLI, with these settings
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "responses_proxy/config.h"

namespace responses_proxy {

enum class CodexTask : std::uint8_t { config, catalog, run };

struct CodexOptions {
  CodexTask task = CodexTask::config;
  std::string url;                     // --url, of the proxy, with or without /v1
  std::string program = "codex";       // --program
  std::vector<std::string> arguments;  // of run, for Codex
};

int run_codex(const Config& config, const CodexOptions& options);

}  // namespace responses_proxy
