#include "dialects/anthropic_messages/anthropic_settings.h"

#include <algorithm>

#include "dialects/anthropic_messages/claude_families.h"
#include "dialects/translation/settings_json.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

// From this one on they are refused, even where they say what is the default.
constexpr std::string_view kVersionWithoutSampling = "2026-10-21";
// No more than leaves room for an answer in the 32,000 tokens that some of these models write.
constexpr std::string_view kBudgets =
    R"({"budgets":{"minimal":1024,"low":2048,"medium":8192,"high":16384,"xhigh":24576,)"
    R"("max":24576}})";
constexpr std::string_view kOwnHost = "://api.anthropic.com";

void read_budgets(element object, AnthropicSettings& settings) {
  simdjson::dom::object budgets;
  if (object["budgets"].get(budgets) != simdjson::SUCCESS) return;
  for (const auto [key, value] : budgets) {
    const std::string effort(key);
    std::int64_t tokens = 0;
    if (value.get(tokens) != simdjson::SUCCESS || tokens <= 0) continue;
    const auto known = std::find_if(settings.budgets.begin(), settings.budgets.end(),
                                    [&](const auto& one) { return one.first == effort; });
    if (known != settings.budgets.end()) {
      known->second = tokens;
    } else {
      settings.budgets.emplace_back(effort, tokens);
    }
  }
}

void read_settings(element object, AnthropicSettings& settings) {
  read_text(object, "endpoint_path", settings.endpoint_path);
  read_text(object, "version", settings.version);
  read_text(object, "thinking", settings.thinking);
  read_text(object, "display", settings.display);
  read_text(object, "cache_ttl", settings.cache_ttl);
  read_flag(object, "bearer", settings.bearer);
  read_flag(object, "always_thinks", settings.always_thinks);
  read_flag(object, "sampling", settings.sampling);
  read_flag(object, "structured_output", settings.structured_output);
  read_flag(object, "automatic_caching", settings.automatic_caching);
  read_flag(object, "images", settings.images);
  read_flag(object, "files", settings.files);
  read_list(object, "efforts", settings.efforts);
  read_text(object, "foreign_reasoning", settings.foreign_reasoning);
  read_object(object, "body", settings.body);
  read_budgets(object, settings);
  std::int64_t tokens = 0;
  if (object["default_max_tokens"].get(tokens) == simdjson::SUCCESS && tokens > 0) {
    settings.default_max_tokens = tokens;
  }
  settings.images = takes_input(object, "image").value_or(settings.images);
  settings.files = takes_input(object, "file").value_or(false) || settings.files;
}

// The name under which its generation is known.
std::string family_name(const Resource& resource, std::string_view model,
                        std::string_view capabilities) {
  std::string name = setting_named("family", capabilities);
  if (name.empty()) name = setting_named("family", resource.dialect_config);
  return name.empty() ? std::string(model) : name;
}

std::string_view host_preset(std::string_view base_url) {
  return base_url.find(kOwnHost) != std::string_view::npos ? R"({"automatic_caching":true})" : "{}";
}

}  // namespace

AnthropicSettings anthropic_settings(const Resource& resource, std::string_view model,
                                     std::string_view capabilities) {
  AnthropicSettings settings;
  const std::string family = family_name(resource, model, capabilities);
  for (const std::string_view json :
       {kBudgets, claude_family(family), host_preset(resource.base_url),
        std::string_view(resource.dialect_config), capabilities}) {
    read_settings_json(json, [&](element root) { read_settings(root, settings); });
  }
  // Its own headers go up in place of ours.
  if (const auto own = resource.headers.find("anthropic-version")) settings.version = *own;
  if (settings.version >= kVersionWithoutSampling) settings.sampling = false;
  return settings;
}

}  // namespace responses_proxy
