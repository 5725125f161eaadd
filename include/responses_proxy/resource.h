// Resource: one key or account at one endpoint, and ResourceState: how it is doing now.
//
// Role       Resource is configuration and never changes; ResourceState is what this process (and,
//            with a shared store, its replicas) knows about it, and survives routing reloads.
// Threads    Resource is immutable. ResourceState is safe to use from any thread; its counters are
//            atomics on a cache line of their own, so picks on several threads do not wait.
// Ownership  ResourceState objects belong to the StateStore; snapshots and leases share them.
// Units      Latency in microseconds, times on the steady clock.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/secret.h"

namespace responses_proxy {

struct Resource {
  std::string id;           // "openai-1": stable, unique, free of secrets
  std::string provider_id;  // who it belongs to; "environment" for keys from variables
  std::string pool_id;
  std::string base_url;                // "https://api.openai.com/v1", no trailing slash
  std::string wire_api = "responses";  // name of the ProviderAdapter
  Secret credential;
  double weight = 1.0;    // > 0; twice the weight, twice the share
  bool websocket = true;  // try WebSocket for the turns of WebSocket clients
};

enum class Health : std::uint8_t { unknown, healthy, degraded, unhealthy };
std::string_view to_string(Health health);

// What one answer (or the lack of one) says about a resource. Made by health/verdict.h.
struct Verdict {
  Health health = Health::unknown;  // unknown: says nothing, the state stays as it is
  Millis cooldown{0};               // degraded: avoid it this long while a better one is left
  Millis blocked{0};                // the provider asked (Retry-After): do not use it at all
  bool error = false;               // counts into total_errors
  std::string reason;               // last_error, free of secrets; "" keeps the old one
};

class alignas(64) ResourceState {
 public:
  explicit ResourceState(std::string id) : id_(std::move(id)) {}
  ResourceState(const ResourceState&) = delete;
  ResourceState& operator=(const ResourceState&) = delete;

  const std::string& id() const { return id_; }

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
  SteadyTime recovered_at() const {
    return health() == Health::degraded ? cooldown_until() : from_ticks(recovered_at_);
  }
  // The provider asked not to be called until then.
  SteadyTime blocked_until() const { return from_ticks(blocked_until_); }

  // The upstream has refused to speak WebSocket: later turns go over HTTP at once.
  bool websocket_refused() const { return websocket_refused_.load(std::memory_order_relaxed); }
  void set_websocket_refused() { websocket_refused_.store(true, std::memory_order_relaxed); }

  // A verdict of this process.
  void apply(const Verdict& verdict, SteadyTime now);
  // What another replica's verdicts came to; counts nothing. Whether anything changed.
  bool learn(const Verdict& verdict, SteadyTime now);
  // Grows whenever apply() changes something that the other replicas should know.
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }

  void note_latency(std::chrono::microseconds latency) {
    last_latency_us_.store(latency.count(), std::memory_order_relaxed);
  }

  std::int64_t total_requests() const { return total_requests_.load(std::memory_order_relaxed); }
  std::int64_t total_errors() const { return total_errors_.load(std::memory_order_relaxed); }
  std::int64_t last_latency_us() const { return last_latency_us_.load(std::memory_order_relaxed); }
  std::string last_error() const;

 private:
  static SteadyTime from_ticks(const std::atomic<SteadyTime::rep>& ticks) {
    return SteadyTime(SteadyTime::duration(ticks.load(std::memory_order_relaxed)));
  }

  std::atomic<std::int64_t> active_{0};
  std::atomic<std::int64_t> remote_active_{0};
  std::atomic<SteadyTime::rep> cooldown_until_{0};
  std::atomic<SteadyTime::rep> blocked_until_{0};
  std::atomic<SteadyTime::rep> recovered_at_{0};
  std::atomic<std::uint64_t> changes_{0};
  std::atomic<Health> health_{Health::unknown};
  std::atomic<bool> has_peers_{false};
  std::atomic<bool> websocket_refused_{false};
  std::atomic<std::int64_t> total_requests_{0};
  std::atomic<std::int64_t> total_errors_{0};
  std::atomic<std::int64_t> last_latency_us_{-1};  // -1: none yet
  const std::string id_;
  mutable std::mutex error_mutex_;  // guards last_error_
  std::string last_error_;
};

}  // namespace responses_proxy
