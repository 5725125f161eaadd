// ResourceState: how one resource is doing now.
//
// Role       What this process (and, with a shared store, its replicas) knows about a resource; it
//            survives routing reloads.
// Threads    Any thread; its counters are atomics on a cache line of their own, so picks on several
//            threads do not wait.
// Ownership  The StateStore makes them; they live as long as a routing table, and so the leases
//            made from it, holds them.
// Units      Latency in microseconds, times on the steady clock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/health_observers.h"
#include "responses_proxy/limit_meter.h"

namespace RP_PUBLIC responses_proxy {

// What the last health check has said.
struct LastCheck {
  WallTime at;
  Health health = Health::unknown;
  std::chrono::microseconds latency{0};
  std::string error;  // "" = it was good
};

// How a resource does. The words mean, for routing:
//
//   unknown, healthy   used
//   degraded           a last resort while its cooldown lasts, then used with a growing share; on
//                      trial: one request at a time as long as there is another resource
//   unhealthy          not used; after its cooldown one request at a time is let through as a trial
//
// and change so:
//
//   a good answer to traffic       healthy; ends cooldown and trial, not a wait that was asked for
//   a bad one                      degraded or unhealthy; what is unhealthy stays so
//   a refused key ("doubtful")     degraded until the next check: on trial if that is good, else
//                                  unhealthy
//   a good check                   never ends a cooldown, and never makes healthy what traffic has
//                                  found bad: that goes on trial
//   a bad one                      as with traffic
class alignas(64) ResourceState {
 public:
  // Refusals of models are remembered for so long, and so many of them per resource.
  static constexpr Millis kModelRefused{300'000};
  static constexpr std::size_t kMaxModelsRefused = 32;
  // Of these, the ones that were told last.
  static constexpr std::size_t kMaxLimits = 32;

  // `points_at`: what the id stands for, see StateStore::resource.
  // `observers`: told of every change; may be null.
  explicit ResourceState(std::string id, std::shared_ptr<const HealthObservers> observers = {},
                         std::string_view points_at = {})
      : id_(std::move(id)), name_(name_of(id_, points_at)), observers_(std::move(observers)) {}
  ResourceState(const ResourceState&) = delete;
  ResourceState& operator=(const ResourceState&) = delete;

  const std::string& id() const { return id_; }
  // What it is called among replicas: the id, and what that points at.
  const std::string& name() const { return name_; }
  static std::string name_of(std::string_view id, std::string_view points_at);

  // Active requests of this process; only Lease calls these two.
  void acquire() {
    active_.fetch_add(1, std::memory_order_relaxed);
    total_requests_.fetch_add(1, std::memory_order_relaxed);
  }
  void release() { active_.fetch_sub(1, std::memory_order_relaxed); }

  // Own requests plus what the other replicas last reported.
  std::int64_t active() const {
    return active_.load(std::memory_order_relaxed) + remote_active_.load(std::memory_order_relaxed);
  }
  std::int64_t local_active() const { return active_.load(std::memory_order_relaxed); }
  void set_remote_active(std::int64_t n) { remote_active_.store(n, std::memory_order_relaxed); }

  // Other replicas send to it too: what they did since they last reported is not known.
  bool has_peers() const { return has_peers_.load(std::memory_order_relaxed); }
  void set_has_peers(bool peers) { has_peers_.store(peers, std::memory_order_relaxed); }

  Health health() const { return health_.load(std::memory_order_relaxed); }
  // Degraded and to be avoided until then.
  SteadyTime cooldown_until() const { return from_ticks(cooldown_until_); }
  // When it last came back from being degraded or unhealthy; the epoch if it never was.
  SteadyTime recovered_at() const;
  // The provider asked not to be called until then.
  SteadyTime blocked_until() const { return from_ticks(blocked_until_); }

  // A health check was good, but traffic has not been yet.
  bool on_trial() const { return on_trial_.load(std::memory_order_relaxed); }
  // Requests under way that try out a resource on trial, or an unhealthy one; only Lease calls the
  // first two. Two picks at the same moment on different threads may both begin one.
  bool begin_trial();  // false: it is not to be tried out, nothing was counted
  void end_trial() { trials_.fetch_sub(1, std::memory_order_relaxed); }
  bool trial_under_way() const { return trials_.load(std::memory_order_relaxed) > 0; }

  // The word that routing acts on at that moment: what is blocked is not called healthy.
  Health health_at(SteadyTime now) const;
  // Why it is not healthy then, in words, free of secrets; "" when it is.
  std::string reason_at(SteadyTime now) const;
  // Since when health() and on_trial() are what they are; nothing: since the start.
  std::optional<SteadyTime> changed_at() const;

  // The resource has said that it does not serve the model.
  void refuse_model(std::string_view model, SteadyTime now);
  bool refuses_model(std::string_view model, SteadyTime now) const;

  // The upstream has refused to speak WebSocket: later turns go over HTTP at once.
  bool websocket_refused() const { return websocket_refused_.load(std::memory_order_relaxed); }
  void set_websocket_refused() { websocket_refused_.store(true, std::memory_order_relaxed); }

  // A verdict of this process: what traffic has taught ...
  void apply(const Verdict& verdict, SteadyTime now);
  // ... and what a health check has.
  void apply_check(const Verdict& verdict, SteadyTime now);
  // What another replica's verdicts came to; counts nothing. Whether anything changed.
  bool learn(const Verdict& verdict, SteadyTime now);
  // Grows whenever a verdict of this process changes something that the other replicas should know.
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }

  void note_latency(std::chrono::microseconds latency) {
    last_latency_us_.store(latency.count(), std::memory_order_relaxed);
  }

  std::int64_t total_requests() const { return total_requests_.load(std::memory_order_relaxed); }
  std::int64_t total_errors() const { return total_errors_.load(std::memory_order_relaxed); }
  std::int64_t last_latency_us() const { return last_latency_us_.load(std::memory_order_relaxed); }
  std::string last_error() const;

  // Whatever the check has changed, which apply_check() says.
  void note_check(LastCheck check);
  std::optional<LastCheck> last_check() const;

  // What the provider has said about its limits: each replaces the one of the same model and name.
  void note_limits(std::vector<LimitMeter> meters);
  std::vector<LimitMeter> limits() const;

 private:
  static SteadyTime from_ticks(const std::atomic<SteadyTime::rep>& ticks) {
    return SteadyTime(SteadyTime::duration(ticks.load(std::memory_order_relaxed)));
  }

  bool update(const Verdict& verdict, SteadyTime now, HealthSource source);
  // These hold mutex_, and tell whether anything changed.
  bool recover(SteadyTime now);
  bool pass_check(SteadyTime now);
  bool worsen(const Verdict& verdict, SteadyTime now, HealthSource source);

  std::atomic<std::int64_t> active_{0};
  std::atomic<std::int64_t> remote_active_{0};
  std::atomic<SteadyTime::rep> cooldown_until_{0};
  std::atomic<SteadyTime::rep> blocked_until_{0};
  std::atomic<SteadyTime::rep> recovered_at_{0};
  std::atomic<std::uint64_t> changes_{0};
  std::atomic<Health> health_{Health::unknown};
  std::atomic<bool> on_trial_{false};
  std::atomic<bool> models_refused_any_{false};
  std::atomic<bool> has_peers_{false};
  std::atomic<bool> websocket_refused_{false};
  std::atomic<std::int32_t> trials_{0};
  std::atomic<std::int64_t> total_requests_{0};
  std::atomic<std::int64_t> total_errors_{0};
  std::atomic<std::int64_t> last_latency_us_{-1};  // -1: none yet
  const std::string id_;
  const std::string name_;
  const std::shared_ptr<const HealthObservers> observers_;  // may be null
  // Guards what follows, and every change of health, cooldown and trial.
  mutable std::mutex mutex_;
  std::string last_error_;
  std::optional<SteadyTime> changed_at_;
  std::optional<LastCheck> last_check_;
  std::vector<LimitMeter> limits_;  // at most kMaxLimits
  bool failed_traffic_ = false;     // since traffic went well last; not only checks have failed
  bool doubted_ = false;            // a key was refused, the next check decides
  std::vector<std::pair<std::string, SteadyTime>> models_refused_;  // until when
};

}  // namespace responses_proxy
