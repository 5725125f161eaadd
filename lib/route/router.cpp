#include "responses_proxy/router.h"

#include <fmt/format.h>
#include <algorithm>

namespace responses_proxy {

RoutingSnapshot::RoutingSnapshot(std::vector<Resource> resources, StateStore& store)
    : resources_(std::move(resources)) {
  std::stable_sort(resources_.begin(), resources_.end(),
                   [](const Resource& a, const Resource& b) { return a.pool_id < b.pool_id; });
  double weight = 0;
  for (Resource& resource : resources_) {
    if (resource.name.empty()) resource.name = resource.id;
    states_.push_back(store.resource(resource.id));
    candidates_.push_back({&resource, states_.back().get(), weight});
    weight += resource.weight;
  }
  for (std::size_t first = 0; first < candidates_.size();) {
    const std::string& pool_id = candidates_[first].resource->pool_id;
    std::size_t last = first;
    while (last < candidates_.size() && candidates_[last].resource->pool_id == pool_id) ++last;
    pools_.emplace(pool_id, std::span<const Candidate>(candidates_).subspan(first, last - first));
    first = last;
  }
  for (const Candidate& candidate : candidates_) {
    by_id_.emplace(candidate.resource->id, &candidate);
  }
}

std::span<const Candidate> RoutingSnapshot::pool(std::string_view pool_id) const {
  const auto found = pools_.find(pool_id);
  return found == pools_.end() ? std::span<const Candidate>{} : found->second;
}

const Candidate* RoutingSnapshot::find(std::string_view resource_id) const {
  const auto found = by_id_.find(resource_id);
  return found == by_id_.end() ? nullptr : found->second;
}

void Router::update(std::vector<Resource> resources) {
  auto next = std::make_shared<const RoutingSnapshot>(std::move(resources), store_);
  const std::scoped_lock lock(mutex_);
  snapshot_ = std::move(next);
}

std::shared_ptr<const RoutingSnapshot> Router::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

Result<Route> Router::route(const RouteQuery& query) const {
  Route route{snapshot(), {}, std::string(query.pool_id)};
  if (!route.snapshot || route.snapshot->all().empty()) {
    return Error::unavailable(503, "no_resources_configured", "No provider resources configured");
  }
  route.candidates =
      query.pool_id.empty() ? route.snapshot->all() : route.snapshot->pool(query.pool_id);
  if (route.candidates.empty()) {
    return Error::invalid_request(
        "unknown_pool",
        fmt::format("No available resources are registered: there is no pool \"{}\"",
                    query.pool_id));
  }
  return route;
}

}  // namespace responses_proxy
