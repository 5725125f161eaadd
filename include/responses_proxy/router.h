// Router: which resources may serve a request.
//
// Role       Turns pool and model into the list of candidates. Says nothing about load or health:
//            that is the LoadBalancer's part.
// Threads    route() and update() are safe from any thread; a Route keeps the snapshot it was made
//            from alive, so an update never pulls candidates from under a request.
// Errors     Unknown pool, no resources configured: an Error ready to be answered.
// Blocking   Never; one lock held for the copy of a shared pointer.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "responses_proxy/resource.h"
#include "responses_proxy/result.h"
#include "responses_proxy/state_store.h"

namespace responses_proxy {

struct Candidate {
  const Resource* resource = nullptr;
  ResourceState* state = nullptr;
  // The sum of the weights before it in the snapshot: so that a candidate can be drawn by weight
  // without looking at all of them.
  double weight_before = 0;
};

// Everything routing knows at one moment; immutable and shared.
class RoutingSnapshot {
 public:
  RoutingSnapshot(std::vector<Resource> resources, StateStore& store);
  RoutingSnapshot(const RoutingSnapshot&) = delete;  // candidates_ points into resources_
  RoutingSnapshot& operator=(const RoutingSnapshot&) = delete;

  std::span<const Candidate> all() const { return candidates_; }
  // Empty for an unknown pool.
  std::span<const Candidate> pool(std::string_view pool_id) const;
  const Candidate* find(std::string_view resource_id) const;

 private:
  std::vector<Resource> resources_;
  std::vector<std::shared_ptr<ResourceState>> states_;
  std::vector<Candidate> candidates_;  // sorted by pool, order of configuration within one
  std::unordered_map<std::string_view, std::span<const Candidate>> pools_;
  std::unordered_map<std::string_view, const Candidate*> by_id_;
};

struct RouteQuery {
  std::string_view model;    // "" when the request has none
  std::string_view pool_id;  // "" = no pool asked for: every resource is a candidate
};

struct Route {
  std::shared_ptr<const RoutingSnapshot> snapshot;
  std::span<const Candidate> candidates;  // never empty
  std::string pool_id;                    // as asked for, may be ""
};

class Router {
 public:
  explicit Router(StateStore& store) : store_(store) {}

  // Replaces the resources. Running requests finish on the snapshot they started with.
  void update(std::vector<Resource> resources);
  Result<Route> route(const RouteQuery& query) const;
  std::shared_ptr<const RoutingSnapshot> snapshot() const;

 private:
  StateStore& store_;
  mutable std::mutex mutex_;  // guards snapshot_
  std::shared_ptr<const RoutingSnapshot> snapshot_;
};

}  // namespace responses_proxy
