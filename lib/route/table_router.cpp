#include "responses_proxy/table_router.h"

#include <fmt/format.h>

#include <utility>

namespace responses_proxy {

namespace {

Error no_resources(std::string message) {
  return Error::unavailable(503, "no_resources_configured", std::move(message));
}

// Of an alias without a target.
Error no_target(const RoutingTable& table, std::string_view alias) {
  const ModelAlias* known = table.describe(alias);
  if (known != nullptr && !known->limit.empty()) {
    return Error::invalid_request("model_not_routable", known->limit, "model");
  }
  std::string why = known == nullptr ? std::string() : known->unavailable;
  if (!why.empty()) why.insert(0, ": ");
  return no_resources(
      fmt::format("No provider resources configured for the model alias \"{}\"{}", alias, why));
}

// No resource takes what is no alias.
Error unknown_model(std::string_view model) {
  return Error::refused(
      404, "model_not_found",
      fmt::format("The model \"{}\" is not registered here, and no key of the environment serves "
                  "other models.",
                  model),
      "model");
}

}  // namespace

TableRouter::TableRouter(StateStore& store, ReadSettings read_settings)
    : store_(store),
      read_settings_(std::move(read_settings)),
      table_(std::make_shared<const RoutingTable>(std::vector<Resource>{},
                                                  std::vector<ModelAlias>{}, store)) {}

void TableRouter::update(std::vector<Resource> resources, std::vector<ModelAlias> aliases,
                         std::shared_ptr<const ModelCatalog> catalog) {
  auto table = std::make_shared<const RoutingTable>(std::move(resources), std::move(aliases),
                                                    store_, std::move(catalog), read_settings_);
  const std::scoped_lock lock(mutex_);
  table_.swap(table);  // the old one may be destroyed after the lock
  version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const RoutingTable> TableRouter::table() const {
  const std::scoped_lock lock(mutex_);
  return table_;
}

Result<Route> TableRouter::route_in(std::shared_ptr<const RoutingTable> table,
                                    const RouteQuery& query) const {
  Route route{std::move(table), {}, std::string(query.pool_id), {}};
  if (const auto* targets = route.table->alias(query.model)) {
    route.alias = query.model;
    route.targets = *targets;
    if (!targets->empty()) return route;
    return no_target(*route.table, query.model);
  }
  if (route.table->all().empty()) return no_resources("No provider resources configured");
  if (query.pool_id.empty()) {
    route.targets = route.table->unaliased();
    if (!route.targets.empty()) return route;
    if (!query.model.empty()) return unknown_model(query.model);
    route.targets = route.table->all();  // what is asked for is pinned, or of nobody in particular
    return route;
  }
  route.targets = route.table->pool(query.pool_id);
  if (route.targets.empty()) {
    return Error::invalid_request(
        "unknown_pool",
        fmt::format("No available resources are registered: there is no pool \"{}\"",
                    query.pool_id));
  }
  return route;
}

}  // namespace responses_proxy
