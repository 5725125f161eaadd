#include "server/codex_settings.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace responses_proxy {

namespace {

std::string setting_of(const CodexSetup& setup, const std::string& name) {
  for (const auto& [key, value] : codex_settings(setup)) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("Codex is told where the proxy is, under a name that is not OpenAI") {
  const CodexSetup setup{.base_url = "http://127.0.0.1:8000/v1"};
  CHECK(setting_of(setup, "model_provider") == "\"responses_proxy\"");
  CHECK(setting_of(setup, "model_providers.responses_proxy.base_url") ==
        "\"http://127.0.0.1:8000/v1\"");
  CHECK(setting_of(setup, "model_providers.responses_proxy.name") == "\"Responses Proxy\"");
  CHECK(setting_of(setup, "model_providers.responses_proxy.env_key") == "\"RESPONSES_PROXY_KEY\"");
  CHECK(setting_of(setup, "model_providers.responses_proxy.model_catalog_url") == "");
}

TEST_CASE("a catalog comes from the proxy, or from a file in its place") {
  CodexSetup setup{.base_url = "http://proxy/v1", .catalog_url = true};
  CHECK(setting_of(setup, "model_providers.responses_proxy.model_catalog_url") ==
        "\"http://proxy/v1/models\"");
  setup.catalog_file = "/home/\"me\"/catalog.json";
  CHECK(setting_of(setup, "model_providers.responses_proxy.model_catalog_url") == "");
  CHECK(setting_of(setup, "model_catalog_json") == R"("/home/\"me\"/catalog.json")");
}

TEST_CASE("as a file the provider's settings stand in its table") {
  CHECK(codex_toml({.base_url = "http://proxy/v1", .catalog_url = true}) ==
        R"(model_provider = "responses_proxy"

[model_providers.responses_proxy]
name = "Responses Proxy"
base_url = "http://proxy/v1"
env_key = "RESPONSES_PROXY_KEY"
wire_api = "responses"
supports_websockets = true
model_catalog_url = "http://proxy/v1/models"
)");
}

}  // namespace responses_proxy
