// Router: which resources may serve a request.
//
// Role       Turns model and pool into the targets of a request. Says nothing about load or health:
//            that is the LoadBalancer's part. The table behind it is replaced as a whole, while
//            requests are under way.
// Threads    Router: any thread. RoutingCache: one thread; each event loop has one of its own.
// Ownership  A Route keeps the table it was made from alive, so an update never pulls targets from
//            under a request.
// Errors     Unknown pool, no resources configured: an Error ready to be answered.
// Blocking   Never. Router::route holds a lock while it copies a shared pointer; RoutingCache only
//            when the table has been replaced.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/resource.h"
#include "responses_proxy/result.h"
#include "responses_proxy/routing_table.h"
#include "responses_proxy/state_store.h"

namespace responses_proxy {

struct RouteQuery {
  std::string_view model;    // "" when the request has none
  std::string_view pool_id;  // "" = no pool asked for: every resource is a target
};

struct Route {
  std::shared_ptr<const RoutingTable> table;
  std::span<const Target> targets;  // never empty
  std::string pool_id;              // as asked for, may be ""
  std::string alias;                // the model, if it is an alias; else ""
};

class Router {
 public:
  explicit Router(StateStore& store);

  // Replaces the table. Running requests finish on the one they started with.
  void update(std::vector<Resource> resources, std::vector<ModelAlias> aliases = {});
  // Never null; without resources before the first update.
  std::shared_ptr<const RoutingTable> table() const;
  // An alias goes to its own targets, whatever pool is asked for.
  Result<Route> route(const RouteQuery& query) const;

 private:
  friend class RoutingCache;

  StateStore& store_;
  mutable std::mutex mutex_;  // guards table_
  std::shared_ptr<const RoutingTable> table_;
  std::atomic<std::uint64_t> version_{1};  // of table_; grows after it was replaced
};

// A router's current table, for one thread: no lock and no counter that other threads share, as
// long as it stays the same. Keeps the old one until it is next asked.
class RoutingCache {
 public:
  explicit RoutingCache(const Router& router) : router_(router) {}

  // Valid until the next call.
  const std::shared_ptr<const RoutingTable>& table();
  Result<Route> route(const RouteQuery& query);

 private:
  const Router& router_;
  std::uint64_t version_ = 0;
  std::shared_ptr<const RoutingTable> table_;
};

}  // namespace responses_proxy
