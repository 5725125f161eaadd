#include "registry/config_secrets.h"

#include <fmt/format.h>

#include <functional>
#include <string>

#include "config_values/url.h"

namespace responses_proxy {

namespace {

// Those values whose names say so: config.headers.X, config.query.x.
void each_secret(
    Json& config,
    const std::function<void(const char* part, const std::string& name, Json& value)>& visit) {
  for (const char* part : {"headers", "query"}) {
    const auto found = config.find(part);
    if (found == config.end() || !found->is_object()) continue;
    for (const auto& [name, value] : found->items()) {
      if (value.is_string() && config::names_secret(name)) visit(part, name, value);
    }
  }
}

const Json* value_at(const Json* config, const char* part, const std::string& name) {
  if (config == nullptr) return nullptr;
  const auto values = config->find(part);
  if (values == config->end() || !values->is_object()) return nullptr;
  const auto value = values->find(name);
  return value != values->end() && value->is_string() ? &*value : nullptr;
}

}  // namespace

Json shown_config(Json config) {
  each_secret(config, [](const char*, const std::string&, Json& value) { value = kHiddenValue; });
  return config;
}

void fill_hidden_values(Json& config, const Json* before, std::vector<FieldError>& errors) {
  each_secret(config, [&](const char* part, const std::string& name, Json& value) {
    if (value != kHiddenValue) return;
    const Json* known = value_at(before, part, name);
    if (known != nullptr) {
      value = *known;
    } else {
      errors.push_back({fmt::format("config.{}.{}", part, name),
                        "is hidden in answers, and there is none yet that *** could stand for"});
    }
  });
}

}  // namespace responses_proxy
