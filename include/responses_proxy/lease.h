// Lease: the right to send one attempt to one resource.
//
// Role       Counts the attempt as active for exactly as long as the lease lives, so the counters
//            cannot leak whatever happens to the request.
// Threads    Used by one thread at a time; may be finished on another thread than it was made on.
// Ownership  Movable, not copyable. Keeps the routing snapshot (and so the resource) alive.
// Cost       One atomic add, one atomic subtract.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "responses_proxy/resource.h"
#include "responses_proxy/router.h"

namespace responses_proxy {

// Why this resource: the words of x-proxy-decision, SQL, metrics and the dashboard.
enum class SelectionReason : std::uint8_t {
  response_affinity,
  session_affinity,
  weighted_least_connections,
  failover,
};
std::string_view to_string(SelectionReason reason);

class Lease {
 public:
  Lease(std::shared_ptr<const RoutingSnapshot> snapshot, const Candidate& candidate,
        SelectionReason reason)
      : snapshot_(std::move(snapshot)), candidate_(candidate), reason_(reason) {
    candidate_.state->acquire();
    trial_ = candidate_.state->begin_trial();
  }
  Lease(Lease&& other) noexcept
      : snapshot_(std::move(other.snapshot_)),
        candidate_(std::exchange(other.candidate_, {})),
        reason_(other.reason_),
        trial_(other.trial_) {}
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      release();
      snapshot_ = std::move(other.snapshot_);
      candidate_ = std::exchange(other.candidate_, {});
      reason_ = other.reason_;
      trial_ = other.trial_;
    }
    return *this;
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { release(); }

  // Valid until finish().
  const Resource& resource() const { return *candidate_.resource; }
  const ResourceState& state() const { return *candidate_.state; }
  SelectionReason reason() const { return reason_; }

  // Ends the attempt and tells the resource's state what it taught. Without it (the client went
  // away, say) the lease ends silently when it is destroyed.
  void finish(const Verdict& verdict, std::chrono::microseconds latency, SteadyTime now) {
    if (candidate_.state == nullptr) return;
    candidate_.state->note_latency(latency);
    candidate_.state->apply(verdict, now);
    release();
  }

 private:
  void release() {
    if (candidate_.state == nullptr) return;
    if (trial_) candidate_.state->end_trial();
    candidate_.state->release();
    candidate_ = {};
    snapshot_.reset();
  }

  std::shared_ptr<const RoutingSnapshot> snapshot_;
  Candidate candidate_;
  SelectionReason reason_;
  bool trial_ = false;  // counted as one that tries out the resource
};

}  // namespace responses_proxy
