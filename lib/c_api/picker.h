// Picker: what stands behind an rp_balancer: resources, their states, and who decides between them.
//
// Threads    Any thread.
// Ownership  Shared by the balancer and what it has given out: they may end in any order.
// Errors     Invalid for what was handed in.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "c_api/setup.h"
#include "core/json.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/lease.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/random.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/table_router.h"

namespace responses_proxy::c_api {

struct Wish {
  std::string model;
  std::string pool_id;
  std::string session_id;
  std::string response_id;
  std::vector<std::string> tried;
};

class Picker {
 public:
  explicit Picker(Setup setup);
  Picker(const Picker&) = delete;
  Picker& operator=(const Picker&) = delete;

  void update(Setup setup);
  // With the alias that has decided, "" if there is none.
  PickResult pick(const Wish& wish, std::string& alias);
  void remember(std::string_view response_id, std::string_view resource_id);
  // As a health check does.
  void report(std::string_view resource_id, const Verdict& verdict);
  Json describe() const;

  // That of a resource in a lease: it goes on when the lease has ended.
  std::shared_ptr<ResourceState> state_of(const Resource& resource);
  // Null for a wire_api that nobody here speaks.
  const Dialect* dialect_of(const Resource& resource) const;
  const VerdictOptions& verdicts() const { return verdicts_; }
  const Clock& clock() const { return clock_; }
  Random& random() { return random_; }

 private:
  std::string resource_of(AffinityKind kind, std::string_view id);
  Json describe(const Target& target) const;

  const SystemClock clock_;
  SeededRandom random_;
  const std::vector<std::unique_ptr<Dialect>> dialects_;
  const std::unique_ptr<StateStore> state_;
  const std::string policy_;
  const VerdictOptions verdicts_;
  TableRouter router_;
  LoadBalancer balancer_;
};

// {"health", "reason", "retry_in_ms"}: how a resource does, and when it is worth another try.
Json health_of(const ResourceState& state, SteadyTime now);

}  // namespace responses_proxy::c_api
