// OwnRegistry: what is registered, as a Runtime routes to it whose host has no Router of its own.
//
// Role       Loads the registry, fills the router with it, and hears of what other replicas have
//            changed.
// Threads    stop() where the constructor was; reload() from any. It has a thread that looks for
//            changes, and listens with PostgreSQL and with Redis on one more each.
// Ownership  Config, database, clock and router outlive it.
// Errors     The constructor throws std::runtime_error for a catalog or a registry file that cannot
//            be used.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/periodic_thread.h"
#include "postgres/postgres_listener.h"
#include "redis/redis_bell.h"
#include "registry/registry.h"
#include "responses_proxy/config.h"
#include "responses_proxy/log.h"
#include "responses_proxy/table_router.h"

namespace responses_proxy {

class OwnRegistry {
 public:
  // `wire_apis`: that providers can be registered with.
  OwnRegistry(const Config& config, Database& database, const Clock& clock, const Log& log,
              std::vector<std::string> wire_apis, TableRouter& router);

  Registry& registry() { return registry_; }
  // Nothing is looked for any more.
  void stop();

 private:
  void hear_of_changes(const Config& config);

  RegistryStore registered_;
  Registry registry_;
  std::unique_ptr<PeriodicThread> refresh_;
  std::unique_ptr<PostgresListener> database_news_;  // with PostgreSQL
  std::unique_ptr<RedisBell> redis_news_;            // with Redis
};

}  // namespace responses_proxy
