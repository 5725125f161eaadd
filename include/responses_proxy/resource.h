// Resource: one key or account at one endpoint, and ResourceState: how it is doing now.
//
// Role       Resource is configuration and never changes; ResourceState is what this process (and,
//            with a shared store, its replicas) knows about it, and survives routing reloads.
// Threads    Resource is immutable. ResourceState is safe to use from any thread; its counters are
//            atomics on a cache line of their own, so picks on several threads do not wait.
// Ownership  The StateStore makes ResourceState objects; they live as long as a routing table, and
//            so the leases made from it, holds them.
// Units      Latency in microseconds, times on the steady clock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "responses_proxy/blame.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/request.h"
#include "responses_proxy/secret.h"

namespace responses_proxy {

// How a credential goes up.
enum class AuthKind : std::uint8_t {
  bearer,  // header `name`: Bearer KEY
  header,  // header `name`: KEY
  query,   // ?name=KEY
  none,
};
struct Auth {
  AuthKind kind = AuthKind::bearer;
  std::string name = "Authorization";
};

struct Resource {
  std::string id;           // stable, unique, free of secrets: lists, headers, records, live state
  std::string name;         // for people: pages, log lines, error texts; "" = the id
  std::string provider_id;  // who it belongs to; "environment" for keys from variables
  std::string pool_id;
  std::string base_url;                // "https://api.openai.com/v1", no trailing slash
  std::string wire_api = "responses";  // name of the Dialect
  Secret credential;
  double weight = 1.0;    // > 0; twice the weight, twice the share
  bool websocket = true;  // try WebSocket for the turns of WebSocket clients
  Auth auth = {};
  Headers headers = {};    // of every request, in place of the client's of the same name
  std::string query = {};  // the same for the URL: "api-version=2026-10-01", percent-encoded
  // Of health checks, relative to the base URL. "" = there are none; absent = as configured.
  std::optional<std::string> health_path = {};
  // What its Dialect is told about this provider: a JSON object. Members that a dialect does not
  // know mean nothing to it.
  std::string dialect_config = "{}";
  // Serves aliases, and requests for its pool where that has no other resources; not a model that
  // is no alias.
  bool registered = false;
};

enum class Health : std::uint8_t { unknown, healthy, degraded, unhealthy };
std::string_view to_string(Health health);

// What one answer (or the lack of one) says about a resource. Made by verdict_of() (verdict.h).
struct Verdict {
  Health health = Health::unknown;  // unknown: says nothing, the state stays as it is
  Millis cooldown{0};               // degraded: avoid it this long while a better one is left
  Millis blocked{0};                // the provider asked (Retry-After): do not use it at all
  bool error = false;               // counts into total_errors
  std::string reason;               // last_error, free of secrets; "" keeps the old one
  Blame blame = Blame::none;
  // The credential was refused, and a health check will say whether it is bad or only this request
  // was not allowed: until then the resource is a last resort.
  bool doubtful = false;
  bool on_trial = false;  // of another replica: see ResourceState::on_trial
};

// Who has found out.
enum class HealthSource : std::uint8_t { traffic, check, replica };
std::string_view to_string(HealthSource source);

// A resource has got another word, or has gone on trial.
struct HealthChange {
  std::string resource_id;
  Health before = Health::unknown;
  Health after = Health::unknown;
  bool on_trial = false;
  std::string reason;  // in words, free of secrets; "" when it is healthy
  Blame blame = Blame::none;
  HealthSource source = HealthSource::traffic;
};
// Called on the thread that has found out; must not block.
using HealthObserver = std::function<void(const HealthChange&)>;

// How a resource does. The words mean, for routing:
//
//   unknown, healthy   used
//   degraded           a last resort while its cooldown lasts, then used with a growing share; on
//                      trial: one request at a time as long as there is another resource
//   unhealthy          not used; after its cooldown one request at a time is let through as a trial
//
// and change so:
//
//   a good answer to traffic       healthy; ends cooldown and trial, not what the provider asked
//   for a bad one                      degraded or unhealthy; what is unhealthy stays so a refused
//   key ("doubtful")     degraded until the next check: on trial if that is good, else
//                                  unhealthy
//   a good check                   never ends a cooldown, and never makes healthy what traffic has
//                                  found bad: that goes on trial
//   a bad one                      as with traffic
class alignas(64) ResourceState {
 public:
  // Refusals of models are remembered for so long, and so many of them per resource.
  static constexpr Millis kModelRefused{300'000};
  static constexpr std::size_t kMaxModelsRefused = 32;

  // `points_at`: what the id stands for, see StateStore::resource.
  explicit ResourceState(std::string id, HealthObserver observer = {},
                         std::string_view points_at = {})
      : id_(std::move(id)), name_(name_of(id_, points_at)), observer_(std::move(observer)) {}
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
  const HealthObserver observer_;  // may be empty
  // Guards what follows, and every change of health, cooldown and trial.
  mutable std::mutex mutex_;
  std::string last_error_;
  bool failed_traffic_ = false;  // since traffic went well last; not only checks have failed
  bool doubted_ = false;         // a key was refused, the next check decides
  std::vector<std::pair<std::string, SteadyTime>> models_refused_;  // until when
};

}  // namespace responses_proxy
