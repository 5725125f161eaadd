// StateStore: live state that routing needs: per-resource state and affinity.
//
// Role       Makes ResourceState objects and remembers which resource knows a response, a
//            conversation or a session. The memory store is complete on its own; shared stores
//            keep a memory store in front, so that a pick never waits for the network.
// Threads    Safe from any thread. Callbacks run on the calling thread: inline when the answer is
//            local, else later on the event loop the call was made from.
// Ownership  Resource states are shared and live as long as anyone else holds them; the store keeps
//            none of its own.
// Errors     There are none to handle: an unreachable store answers "unknown".
// Blocking   Never. A remote look-up gives up after its budget.
// Limits     Entries are bounded in number (of those not used lately one goes first) and in size
// (of
//            an id a hash is kept, about 30 bytes in all); session entries also expire when idle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/health_observers.h"
#include "responses_proxy/resource_state.h"

namespace RP_PUBLIC responses_proxy {

enum class AffinityKind : std::uint8_t {
  response,  // response and conversation ids: only the account that made them knows them
  item,      // output items of stored responses, which a later input may refer to
  session,   // the client's session: sticks to keep prompt caches warm
  alias,     // the model alias that a response was asked for under, in place of a resource
};

struct AffinityKey {
  AffinityKind kind;
  std::string_view id;
};

struct AffinityStats {
  std::size_t responses = 0;  // entries held
  std::size_t items = 0;
  std::size_t sessions = 0;
  std::uint64_t evicted = 0;  // dropped because the bound was reached
};

// How the part that replicas share is doing.
struct SharedStateStats {
  bool up = false;           // false: this process goes on with what it knows itself
  std::string problem;       // "" = none; free of secrets
  std::size_t replicas = 0;  // this one included, as of the last tick
  std::uint64_t outages = 0;
  std::uint64_t timeouts = 0;  // answers that came after the budget, or never
  std::uint64_t missed = 0;    // affinities that could not be shared and were not kept for later
};

class StateSharing;

class StateStore {
 public:
  using Found = std::function<void(std::optional<std::string> resource_id)>;
  using Done = std::function<void()>;

  virtual ~StateStore() = default;

  // The state of that resource: the same object for everybody, as long as anybody holds it.
  // `points_at` tells one endpoint and key from another (the RoutingTable makes it): what was
  // learnt of one says nothing of the next, so each has a state of its own.
  virtual std::shared_ptr<ResourceState> resource(std::string_view id,
                                                  std::string_view points_at) = 0;
  // Which resource knows the key. Finding an entry counts as using it.
  virtual void find_affinity(const AffinityKey& key, Found found) = 0;
  // Calls done when other replicas can see the entry.
  virtual void remember_affinity(const AffinityKey& key, std::string_view resource_id,
                                 Done done) = 0;
  virtual void forget_affinity(const AffinityKey& key) = 0;
  virtual AffinityStats affinity_stats() const { return {}; }
  // Told whenever a resource's health changes, by traffic, a check or another replica, for as long
  // as what is returned is kept. There may be several; resources made before are no exception.
  // HealthObservers is what a store needs for it.
  [[nodiscard]] virtual HealthSubscription observe_health(HealthObserver observer) = 0;
  // Nothing and null: this store is of one process.
  virtual std::optional<SharedStateStats> shared_stats() const { return std::nullopt; }
  virtual StateSharing* sharing() { return nullptr; }
};

struct AffinityLimits {
  std::size_t max_entries = 1'000'000;                // per kind
  Millis session_idle = std::chrono::hours(1);        // a session unused this long is forgotten
  Millis response_age = std::chrono::hours(24 * 30);  // OpenAI keeps stored responses 30 days
  // A random number, for ids that strangers choose: who knows it can make look-ups slow.
  std::uint64_t hash_seed = 0;
};

// Complete for one process.
std::unique_ptr<StateStore> make_memory_state_store(const Clock& clock, AffinityLimits limits = {});

}  // namespace responses_proxy
