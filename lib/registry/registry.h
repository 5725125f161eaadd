// Registry: the providers and aliases that are registered, and what routing makes of them.
//
// Role       Reads them from SQL and from the registry file, publishes them as routing, and changes
//            those of SQL. It keeps the last good rows on disk, so that a start with the database
//            away serves what was registered before.
// Threads    Safe from any thread. One change or refresh at a time; view() and problems() wait for
//            none.
// Ownership  Store, clock and what `publish` calls outlive it.
// Errors     A change that is not allowed is a Refusal; a database that fails throws StorageError.
//            refresh() and reload() tell their problem, and what was routed before goes on.
// Blocking   Everything but view() and problems() does SQL and reads files: never on an event loop.
// Limits     See provider.h; the file has at most kMaxFileBytes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config_values/field_reader.h"
#include "core/secret_box.h"
#include "registry/build_routing.h"
#include "registry/provider.h"
#include "registry/provider_json.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/error.h"
#include "responses_proxy/log.h"
#include "storage/registry_store.h"

namespace responses_proxy {

// Why a change is not made.
struct Refusal {
  Error error;
  std::vector<FieldError> fields = {};  // of a 422: all that is wrong
};

// What is served: immutable.
struct RegistryView {
  RegistryContents contents;  // of SQL and of the file
  BuiltRouting routing;

  // Records with a problem, but for those that are switched off.
  std::size_t unavailable() const;
};

// What keeps the registry from being up to date, each "" = nothing does.
struct RegistryProblems {
  std::string database;
  std::string file;
  friend bool operator==(const RegistryProblems&, const RegistryProblems&) = default;
};

struct RegistryOptions {
  std::vector<Secret> keys;  // PROXY_SECRET_ENCRYPTION_KEY
  bool allow_private_upstreams = true;
  bool websocket = true;
  std::string file;        // PROXY_REGISTRY_FILE; "" = none
  std::string cache_path;  // of the last good rows; "" = they are not kept
  Variable variable;
  std::vector<std::string> wire_apis;  // that this program speaks
  // Besides what is registered: those of the environment. An alias that is registered wins.
  std::vector<Resource> resources;
  std::vector<ModelAlias> aliases;
  Log log = ignore_log;
};

class Registry {
 public:
  static constexpr std::size_t kMaxFileBytes = 16 * 1024 * 1024;

  using Publish = std::function<void(std::vector<Resource>, std::vector<ModelAlias>)>;
  // The edits that make the change, worked out over what is there.
  using Plan = std::function<std::variant<std::vector<RegistryEdit>, Refusal>(
      const RegistryContents& contents)>;

  Registry(RegistryStore& store, const Clock& clock, RegistryOptions options, Publish publish);

  // At the start: from SQL, else from what was kept; throws StorageError for a registry file that
  // cannot be read. Publishes in any case.
  void load();
  // Publishes anew if something has changed: rows, registry file, a file of a credential_ref.
  void refresh();
  // The same, whether anything seems to have changed or not. The problem, "" = none.
  std::string reload();
  // Called after every change that this process has made, with its version: to tell the others.
  void on_change(std::function<void(std::int64_t version)> tell) { tell_ = std::move(tell); }

  // What is served now; never null.
  std::shared_ptr<const RegistryView> view() const;
  RegistryProblems problems() const;
  // Writes the edits and publishes, before it returns. Plans anew when another replica was faster.
  std::optional<Refusal> change(const Plan& plan, const std::string& actor);

  const SecretBox& box() const { return box_; }
  const Clock& clock() const { return clock_; }
  // What a provider may be that is registered; inline keys go into that box.
  ProviderRules provider_rules(const SecretBox* box) const {
    return {.allow_private_upstreams = options_.allow_private_upstreams,
            .box = box,
            .wire_apis = options_.wire_apis};
  }
  const RoutingRules& rules() const { return rules_; }

 private:
  struct Sources {
    RegistryRows rows;
    RegistryContents file;
    std::string file_stamp;
  };

  // These are called by whoever holds change_mutex_.
  std::string read_rows(bool always);
  std::string read_file_if_changed(bool always);
  bool files_changed() const;
  void publish();
  void keep_rows() const;
  bool read_kept_rows();
  void note_database(const std::string& problem);
  void note_file(const std::string& problem);
  void log_step_back(const RegistryRows& rows) const;
  void log_problems(const RegistryView& fresh, const RegistryView* before) const;

  RegistryStore& store_;
  const Clock& clock_;
  const RegistryOptions options_;
  const SecretBox box_;
  const RoutingRules rules_;
  const Publish publish_;
  std::function<void(std::int64_t)> tell_;

  std::mutex change_mutex_;  // guards what follows
  Sources sources_;
  bool has_rows_ = false;

  mutable std::mutex mutex_;  // guards view_ and problems_
  std::shared_ptr<const RegistryView> view_;
  RegistryProblems problems_;
};

}  // namespace responses_proxy
