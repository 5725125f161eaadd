// Lease: the right to send one attempt to one resource.
//
// Role       Counts the attempt as active for exactly as long as the lease lives, so the counters
//            cannot leak whatever happens to the request.
// Threads    Used by one thread at a time; may be finished on another thread than it was made on.
// Ownership  Movable, not copyable. Keeps the routing table (and so the resource) alive.
// Cost       One atomic add, one atomic subtract.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "responses_proxy/export.h"
#include "responses_proxy/health.h"
#include "responses_proxy/resource.h"
#include "responses_proxy/resource_state.h"
#include "responses_proxy/router.h"
#include "responses_proxy/selection_reason.h"
#include "responses_proxy/word.h"

namespace RP_PUBLIC responses_proxy {

class Lease {
 public:
  // `policy`: its name, if that is the reason.
  Lease(std::shared_ptr<const RoutingTable> table, const Target& target, SelectionReason reason,
        std::string_view policy = {})
      : table_(std::move(table)), target_(target), reason_(reason), policy_(policy) {
    target_.state->acquire();
    trial_ = target_.state->begin_trial();
  }
  Lease(Lease&& other) noexcept
      : table_(std::move(other.table_)),
        target_(std::exchange(other.target_, {})),
        reason_(other.reason_),
        policy_(other.policy_),
        trial_(other.trial_) {}
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      release();
      table_ = std::move(other.table_);
      target_ = std::exchange(other.target_, {});
      reason_ = other.reason_;
      policy_ = other.policy_;
      trial_ = other.trial_;
    }
    return *this;
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { release(); }

  // Valid until finish().
  const Resource& resource() const { return *target_.resource; }
  ResourceState& state() const { return *target_.state; }
  // The name of the model to send; "" = as the client has named it.
  std::string_view model() const { return target_.model; }
  // What is known of the model there: a JSON object; "" = nothing.
  std::string_view capabilities() const { return target_.capabilities; }
  // What the target's dialect has read of all that; null: nothing.
  const DialectSettings* settings() const { return target_.settings; }
  SelectionReason reason() const { return reason_; }
  Word<SelectionReason> reason_word() const {
    if (reason_ != SelectionReason::policy) return reason_;
    return Word<SelectionReason>(std::string(policy_));
  }

  // Ends the attempt and tells the resource's state what it taught. Without it (the client went
  // away, say) the lease ends silently when it is destroyed.
  void finish(const Verdict& verdict, std::chrono::microseconds latency, SteadyTime now) {
    if (target_.state == nullptr) return;
    target_.state->note_latency(latency);
    target_.state->apply(verdict, now);
    release();
  }

 private:
  void release() {
    if (target_.state == nullptr) return;
    if (trial_) target_.state->end_trial();
    target_.state->release();
    target_ = {};
    table_.reset();
  }

  std::shared_ptr<const RoutingTable> table_;
  Target target_;
  SelectionReason reason_;
  std::string_view policy_;  // lives as long as the LoadBalancer
  bool trial_ = false;       // counted as one that tries out the resource
};

}  // namespace responses_proxy
