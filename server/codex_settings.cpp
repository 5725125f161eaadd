#include "server/codex_settings.h"

#include <fmt/format.h>

#include "core/json.h"

namespace responses_proxy {

namespace {

constexpr const char* kProvider = "responses_proxy";

// A basic string of TOML is one of JSON.
std::string quoted(const std::string& text) {
  return dump(Json(text));
}

using Settings = std::vector<std::pair<std::string, std::string>>;

Settings provider_settings(const CodexSetup& setup) {
  // The name "OpenAI" would switch on what only OpenAI's own service can do.
  Settings settings{{"name", quoted("Responses Proxy")},
                    {"base_url", quoted(setup.base_url)},
                    {"env_key", quoted(kCodexKeyVariable)},
                    {"wire_api", quoted("responses")},
                    {"supports_websockets", "true"}};
  if (setup.catalog_url && setup.catalog_file.empty()) {
    settings.emplace_back("model_catalog_url", quoted(setup.base_url + "/models"));
  }
  return settings;
}

Settings top_settings(const CodexSetup& setup) {
  Settings settings{{"model_provider", quoted(kProvider)}};
  if (!setup.catalog_file.empty()) {
    settings.emplace_back("model_catalog_json", quoted(setup.catalog_file));
  }
  return settings;
}

}  // namespace

Settings codex_settings(const CodexSetup& setup) {
  Settings settings = top_settings(setup);
  for (auto& [name, value] : provider_settings(setup)) {
    settings.emplace_back(fmt::format("model_providers.{}.{}", kProvider, name), std::move(value));
  }
  return settings;
}

std::string codex_toml(const CodexSetup& setup) {
  std::string text;
  for (const auto& [name, value] : top_settings(setup)) {
    text += fmt::format("{} = {}\n", name, value);
  }
  text += fmt::format("\n[model_providers.{}]\n", kProvider);
  for (const auto& [name, value] : provider_settings(setup)) {
    text += fmt::format("{} = {}\n", name, value);
  }
  return text;
}

}  // namespace responses_proxy
