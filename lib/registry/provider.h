// Provider and Alias: what is registered, and all of it together.
//
// Role       The values behind the rows of RegistryStore, the registry file and the admin answers;
//            provider_json.h and alias_json.h read and write them.
// Ownership  Plain values.
// Limits     kMaxProviders, kMaxAliases, kMaxTargets, kMaxKeys; a document has at most
//            kMaxDocumentBytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "responses_proxy/clock.h"

namespace responses_proxy {

inline constexpr std::size_t kMaxProviders = 1'000;
inline constexpr std::size_t kMaxAliases = 10'000;
inline constexpr std::size_t kMaxTargets = 64;
inline constexpr std::size_t kMaxKeys = 256;
inline constexpr std::size_t kMaxDocumentBytes = 256 * 1024;

// A key as it is kept.
struct StoredKey {
  std::string sealed;  // see SecretBox; bound to the provider's id
  std::string last4;   // "" of a short one
  friend bool operator==(const StoredKey&, const StoredKey&) = default;
};

struct Provider {
  std::string id;
  std::string name;                      // for people; the id if none was given
  std::string provider_type = "custom";  // a word for people, and the id of a preset
  std::string base_url;                  // without a trailing slash
  std::string wire_api = "responses";    // name of a Dialect; "custom" = the host's, if it has one
  std::string auth_type = "bearer";      // bearer, api_key, query, none
  std::string auth_header = "authorization";          // with query: the parameter's name
  std::vector<StoredKey> keys;                        // one resource each ...
  std::string credential_ref;                         // ... or one behind env:NAME or file:/path
  std::optional<std::string> health_path = "models";  // nothing: no health checks
  double weight = 1;
  std::string pool_id;  // the id if none was given
  bool enabled = true;
  Json config = Json::object();
  Json metadata = Json::object();
};

struct AliasTarget {
  std::string provider_id;
  std::string upstream_id;  // what the model is called there
  double weight = 1;
  std::uint32_t priority = 0;  // used only when nothing of a lower number is available
};

struct Alias {
  std::string alias;
  std::string display_name;          // the alias if none was given
  std::string kind = "model";        // model, agent, compound_agent
  std::vector<AliasTarget> targets;  // at least one
  Json route = Json::object();
  Json capabilities = Json::object();
  bool enabled = true;
  Json metadata = Json::object();
};

enum class RegistrySource : std::uint8_t { database, file };

template <class T>
struct Registered {
  T value;
  std::int64_t revision = 0;
  WallTime created_at;
  WallTime updated_at;
  RegistrySource source = RegistrySource::database;
  bool file_has_it = false;  // of one in the database: the file has one of that name, too
};

// Everything at one version.
struct RegistryContents {
  std::int64_t version = 0;
  std::map<std::string, Registered<Provider>, std::less<>> providers;
  std::map<std::string, Registered<Alias>, std::less<>> aliases;
};

}  // namespace responses_proxy
