// Router: which resources may serve a request.
//
// Role       Turns model and pool into the targets of a request. Says nothing about load or health:
//            that is the LoadBalancer's part. The table behind it is replaced as a whole, while
//            requests are under way.
// Threads    Router: any thread. RoutingCache: one thread; each event loop has one of its own.
// Ownership  A Route keeps the table it was made from alive, so an update never pulls targets from
//            under a request.
// Errors     Unknown pool, no resources configured: an Error ready to be answered.
// Blocking   Never. table() may hold a lock while it copies a shared pointer; a RoutingCache asks
//            for it only when the table has been replaced.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "responses_proxy/export.h"
#include "responses_proxy/result.h"
#include "responses_proxy/routing_table.h"

namespace RP_PUBLIC responses_proxy {

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

// Who decides it. TableRouter comes with the library; a host can have its own.
class Router {
 public:
  virtual ~Router() = default;
  // The current one; never null.
  virtual std::shared_ptr<const RoutingTable> table() const = 0;
  // From 1 on; grows after the table was replaced. Asked for each request: it must cost next to
  // nothing.
  virtual std::uint64_t version() const = 0;
  // The targets of a request in a table that this router has given out.
  virtual Result<Route> route_in(std::shared_ptr<const RoutingTable> table,
                                 const RouteQuery& query) const = 0;

  // In the current one.
  Result<Route> route(const RouteQuery& query) const { return route_in(table(), query); }
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
