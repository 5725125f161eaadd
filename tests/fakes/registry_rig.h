// A registry over a SQLite database of its own, with what it has published last.
#pragma once

#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base64.h"
#include "databases/open_database.h"
#include "fakes/manual_clock.h"
#include "fakes/temp_folder.h"
#include "registry/registry_editor.h"

namespace responses_proxy::testing {

inline const std::string kProviderKey = "sk-provider-secret-7777";

inline responses_proxy::Json provider_body(
    const std::string& id, responses_proxy::Json more = responses_proxy::Json::object()) {
  responses_proxy::Json body{
      {"id", id}, {"base_url", "https://" + id + ".test/v1"}, {"api_key", kProviderKey}};
  body.update(more);
  return body;
}
inline responses_proxy::Json alias_body(const std::string& alias, const std::string& provider) {
  return {{"alias", alias}, {"provider_id", provider}, {"upstream_id", "up-" + provider}};
}

struct RegistryRig {
  RegistryRig() {
    options.keys = {Secret(base64(std::string(SecretBox::kKeyBytes, 'a')))};
    options.wire_apis = {"responses", "chat_completions", "anthropic_messages"};
    options.cache_path = path("routing.json");
    options.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    options.log = [this](const LogEvent& event) {
      log.push_back(event.event + ": " + event.message);
    };
  }

  std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }

  // A replica, or the same process started anew.
  std::unique_ptr<Registry> start() {
    auto made = std::make_unique<Registry>(
        store, clock, options, [this](std::vector<Resource> its, std::vector<ModelAlias> names) {
          resources = std::move(its);
          aliases = std::move(names);
          ++published;
        });
    made->load();
    return made;
  }

  const Resource* resource_of(const std::string& provider) const {
    for (const Resource& one : resources) {
      if (one.provider_id == provider) return &one;
    }
    return nullptr;
  }

  TempFolder folder;
  ManualClock clock;
  std::unique_ptr<Database> database = open_database("sqlite:///" + path("db"), clock);
  RegistryStore store{*database};
  RegistryOptions options;
  std::map<std::string, std::string> variables;
  std::vector<Resource> resources;
  std::vector<ModelAlias> aliases;
  int published = 0;
  std::vector<std::string> log;
};

inline int status_of(const EditResult& result) {
  const auto* refusal = std::get_if<Refusal>(&result);
  if (refusal != nullptr) return refusal->error.status;
  return std::get<Saved>(result).created ? 201 : 200;
}
inline std::string message_of(const EditResult& result) {
  const auto* refusal = std::get_if<Refusal>(&result);
  return refusal == nullptr ? std::string() : refusal->error.message;
}

}  // namespace responses_proxy::testing
