// TableRouter: the Router over resources and aliases that are replaced while requests are under
// way.
//
// Role       An alias goes to its own targets, whatever pool is asked for; any other model to the
//            pool that was asked for, or to every resource.
// Threads    Any thread.
// Ownership  The StateStore outlives it.
// Errors     Unknown pool, no resources configured: an Error ready to be answered.
// Blocking   Never; a lock is held while a shared pointer is copied.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "responses_proxy/dialect_settings.h"
#include "responses_proxy/export.h"
#include "responses_proxy/model_alias.h"
#include "responses_proxy/model_catalog.h"
#include "responses_proxy/resource.h"
#include "responses_proxy/router.h"
#include "responses_proxy/state_store.h"

namespace RP_PUBLIC responses_proxy {

class TableRouter final : public Router {
 public:
  // `read_settings`: asked for each target of each table, by whoever updates; may be empty.
  explicit TableRouter(StateStore& store, ReadSettings read_settings = {});

  // Replaces the table. Running requests finish on the one they started with.
  void update(std::vector<Resource> resources, std::vector<ModelAlias> aliases = {},
              std::shared_ptr<const ModelCatalog> catalog = nullptr);

  // Without resources before the first update.
  std::shared_ptr<const RoutingTable> table() const override;
  std::uint64_t version() const override { return version_.load(std::memory_order_acquire); }
  Result<Route> route_in(std::shared_ptr<const RoutingTable> table,
                         const RouteQuery& query) const override;

 private:
  StateStore& store_;
  const ReadSettings read_settings_;
  mutable std::mutex mutex_;  // guards table_
  std::shared_ptr<const RoutingTable> table_;
  std::atomic<std::uint64_t> version_{1};  // of table_; grows after it was replaced
};

}  // namespace responses_proxy
