#include "responses_proxy/router.h"

namespace responses_proxy {

const std::shared_ptr<const RoutingTable>& RoutingCache::table() {
  const std::uint64_t version = router_.version();
  if (version == version_) return table_;
  // A pointer of this thread's own around the shared one: requests count on it, not on each other.
  const auto own = std::make_shared<const std::shared_ptr<const RoutingTable>>(router_.table());
  table_ = {own, own->get()};
  version_ = version;
  return table_;
}

Result<Route> RoutingCache::route(const RouteQuery& query) {
  return router_.route_in(table(), query);
}

}  // namespace responses_proxy
