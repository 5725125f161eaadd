// SharedStateStore: the StateStore of several replicas, over Redis.
//
// Role       Decides with what this process has in memory, and shares it: affinity when it is
//            asked for or learnt; active requests, health and recent decisions once per tick.
// Threads    As StateStore. start() before the loops run, stop() after they have ended.
// Ownership  The clock, the random source and the loops outlive the store, or its stop().
// Errors     None: while Redis cannot be reached it is as good as the memory store. The log has one
//            line per outage and one per recovery; shared_stats() has the rest.
// Cost       docs/scaling.md: a few commands per replica and tick, however many resources; one or
//            two per request.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/decision.h"
#include "responses_proxy/log.h"
#include "responses_proxy/secret.h"
#include "responses_proxy/state_store.h"

namespace responses_proxy {

class EventLoops;
class Random;

class SharedStateStore : public StateStore {
 public:
  // Before the loops run.
  virtual void start(EventLoops& loops) = 0;
  // What still waits for an answer is dropped. Idempotent.
  virtual void stop() = 0;
  // Never blocks.
  virtual void share_decision(Decision decision) = 0;
  // The last picks of all replicas, newest first; nothing if they cannot be had. Waits for Redis,
  // so it is not for the thread of an event loop.
  virtual std::optional<std::vector<Decision>> recent_decisions() = 0;
};

struct RedisStateOptions {
  Secret url;  // redis://, rediss://, unix://
  // The longest that a look-up, or whoever waits for an entry to be stored, is held up.
  Millis budget{50};
  AffinityLimits limits;
  Log log = ignore_log;
};

// Throws std::runtime_error if the URL is not one.
std::unique_ptr<SharedStateStore> make_redis_state_store(const Clock& clock, Random& random,
                                                         RedisStateOptions options);

}  // namespace responses_proxy
