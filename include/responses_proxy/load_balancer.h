// LoadBalancer: which of the targets serves this attempt.
//
// Role       Eligibility first (each resource dropped has a reason), then affinity, then a
//            BalancingPolicy: one that comes with the library, or the host's.
// Threads    Safe from any thread; holds no lock.
// Errors     None are thrown: PickResult is closed, and each alternative says what to do next.
// Blocking   Never. Cost does not grow with the number of targets as long as most of them can be
//            used (bench/pick has the numbers).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "responses_proxy/balancing_policy.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/error.h"
#include "responses_proxy/export.h"
#include "responses_proxy/lease.h"
#include "responses_proxy/random.h"
#include "responses_proxy/router.h"

namespace RP_PUBLIC responses_proxy {

struct PickRequest {
  const Route& route;
  // Response affinity "require": this resource or none. "" = not pinned.
  std::string_view required_resource = {};
  // Affinity "prefer": this resource while it is available. "" = no preference.
  std::string_view preferred_resource = {};
  SelectionReason preferred_reason = SelectionReason::session_affinity;
  // Resources this request has already tried and must not be sent to again.
  std::span<const std::string> tried = {};
  // Resources that have refused it lately are used only if no other is left. "" = none.
  std::string_view model = {};
};

// Why a resource was not eligible.
enum class DropReason : std::uint8_t {
  tried,      // failed for this very request
  unhealthy,  // last verdict: bad credentials or unreachable
  blocked,    // the provider asked to wait (Retry-After)
};
std::string_view to_string(DropReason reason);
inline constexpr std::size_t kDropReasons = 3;

// Send the request with this lease.
using Picked = Lease;

// Every resource is out for now: answer `error`, or try again after `retry_in`.
struct Wait {
  Millis retry_in;  // the soonest that one may be used again, if only as a trial; > 0
  std::array<std::size_t, kDropReasons> dropped{};  // by DropReason
  // 429 or 503 with the reason of each resource, ready to be answered. With retry_after where time
  // alone mends it; a client that is told to wait for a bad key waits in vain.
  Error error;
};

// Waiting will not help: answer the error.
struct Reject {
  Error error;
};

using PickResult = std::variant<Picked, Wait, Reject>;

struct LoadBalancerOptions {
  // How soon resources are looked at again (the health check interval): `retry_in` when nothing
  // better is known.
  Millis recheck{30'000};
  // A resource that has recovered gets a share that grows to its full weight over this time.
  Millis slow_start{10'000};
  // A route with more targets than that is too many to look at all of them in every pick.
  std::size_t scan_up_to = 8;
  // Null: weighted_least_connections.
  std::shared_ptr<const BalancingPolicy> policy = nullptr;
};

class LoadBalancer {
 public:
  LoadBalancer(const Clock& clock, Random& random, LoadBalancerOptions options = {});

  PickResult pick(const PickRequest& request) const;

 private:
  const Clock& clock_;
  Random& random_;
  LoadBalancerOptions options_;
};

}  // namespace responses_proxy
