// RegistryStore: the providers and aliases that were registered, as rows of documents.
//
// Role       Keeps what lib/registry makes of requests, and knows nothing of what is in it. A
//            change is worked out over the rows of one version and written only if that version is
//            still the last one, so two replicas never mix half of each other's changes.
// Threads    Safe from any thread, beside other users of the Database.
// Ownership  The Database outlives it.
// Errors     Throws StorageError.
// Blocking   Every call does SQL: never on an event loop.
// Limits     A load reads all rows: lib/registry bounds their number and size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/clock.h"
#include "storage/database.h"

namespace responses_proxy {

enum class RegistryKind : std::uint8_t { provider, alias };
std::string_view to_string(RegistryKind kind);

struct RegistryRow {
  RegistryKind kind = RegistryKind::provider;
  std::string id;             // of the provider; the alias itself
  std::int64_t revision = 0;  // the version that the last change of this row has made
  WallTime created_at;
  WallTime updated_at;
  std::string document;  // JSON; secrets in it are encrypted
  friend bool operator==(const RegistryRow&, const RegistryRow&) = default;
};

struct RegistryRows {
  std::int64_t version = 0;       // grows by one with every change
  std::vector<RegistryRow> rows;  // providers, then aliases, each by id
  friend bool operator==(const RegistryRows&, const RegistryRows&) = default;
};

enum class RegistryAction : std::uint8_t { create, update, remove };
std::string_view to_string(RegistryAction action);

// One row that is written, or (remove) goes: then only kind and id of it count.
struct RegistryEdit {
  RegistryAction action = RegistryAction::create;
  RegistryRow row;
  std::string details;  // for the audit: JSON, no secret in it
};

// Who changed what, when. All edits of one change have its version.
struct RegistryAudit {
  std::int64_t version = 0;
  WallTime at;
  std::string actor;
  std::string action;
  std::string kind;
  std::string id;
  std::string details;
};

class RegistryStore {
 public:
  // Notified of every change, where the database can do that.
  static constexpr const char* kChannel = "responses_proxy_registry";

  explicit RegistryStore(Database& database) : database_(database) {}

  // Cheap: one row by its key.
  std::int64_t version();
  // All rows, as one version had them.
  RegistryRows load();
  // All edits or none, and an audit row for each. false: `base_version` is not the last one any
  // more; nothing was written. The rows get the new version, base_version + 1, for a revision.
  bool apply(std::int64_t base_version, const std::vector<RegistryEdit>& edits,
             const std::string& actor, WallTime at);
  // The newest first.
  std::vector<RegistryAudit> audit(std::size_t limit);

 private:
  Database& database_;
};

}  // namespace responses_proxy
