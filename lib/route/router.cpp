#include "responses_proxy/router.h"

#include <fmt/format.h>

#include <utility>

namespace responses_proxy {

namespace {

Error no_resources(std::string message) {
  return Error::unavailable(503, "no_resources_configured", std::move(message));
}

Result<Route> route_in(std::shared_ptr<const RoutingTable> table, const RouteQuery& query) {
  Route route{std::move(table), {}, std::string(query.pool_id), {}};
  if (route.table->all().empty()) return no_resources("No provider resources configured");
  if (const auto* targets = route.table->alias(query.model)) {
    route.alias = query.model;
    route.targets = *targets;
    if (!targets->empty()) return route;
    return no_resources(
        fmt::format("No provider resources configured for the model alias \"{}\"", query.model));
  }
  route.targets = query.pool_id.empty() ? route.table->all() : route.table->pool(query.pool_id);
  if (route.targets.empty()) {
    return Error::invalid_request(
        "unknown_pool",
        fmt::format("No available resources are registered: there is no pool \"{}\"",
                    query.pool_id));
  }
  return route;
}

}  // namespace

Router::Router(StateStore& store)
    : store_(store),
      table_(std::make_shared<const RoutingTable>(std::vector<Resource>{},
                                                  std::vector<ModelAlias>{}, store)) {}

void Router::update(std::vector<Resource> resources, std::vector<ModelAlias> aliases) {
  auto table =
      std::make_shared<const RoutingTable>(std::move(resources), std::move(aliases), store_);
  const std::scoped_lock lock(mutex_);
  table_.swap(table);  // the old one may be destroyed after the lock
  version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const RoutingTable> Router::table() const {
  const std::scoped_lock lock(mutex_);
  return table_;
}

Result<Route> Router::route(const RouteQuery& query) const {
  return route_in(table(), query);
}

const std::shared_ptr<const RoutingTable>& RoutingCache::table() {
  const std::uint64_t version = router_.version_.load(std::memory_order_acquire);
  if (version == version_) return table_;
  // A pointer of this thread's own around the shared one: requests count on it, not on each other.
  const auto own = std::make_shared<const std::shared_ptr<const RoutingTable>>(router_.table());
  table_ = {own, own->get()};
  version_ = version;
  return table_;
}

Result<Route> RoutingCache::route(const RouteQuery& query) {
  return route_in(table(), query);
}

}  // namespace responses_proxy
