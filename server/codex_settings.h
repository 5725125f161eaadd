// What Codex has to be told to use this proxy, as configuration and as `-c` options.
//
// Ownership  Pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace responses_proxy {

// The variable that Codex takes its key from: one of PROXY_CLIENT_TOKENS, or any text where the
// proxy asks for none. Without a key Codex asks for no catalog.
inline constexpr const char* kCodexKeyVariable = "RESPONSES_PROXY_KEY";

struct CodexSetup {
  std::string base_url;           // ".../v1"
  bool catalog_url = false;       // Codex asks the proxy for its catalog, again when it changes
  std::string catalog_file = {};  // ... or reads this one; it comes before the URL
};

// "model_providers.responses_proxy.base_url" and "\"http://...\"": names and TOML values.
std::vector<std::pair<std::string, std::string>> codex_settings(const CodexSetup& setup);
// The same as text for config.toml.
std::string codex_toml(const CodexSetup& setup);

}  // namespace responses_proxy
