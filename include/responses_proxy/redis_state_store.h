// The StateStore of several replicas, over Redis.
//
// Role       Decides with what this process has in memory, and shares it: affinity when it is
//            asked for or learnt; active requests, health and recent decisions once per tick.
// Threads    As StateStore and StateSharing.
// Ownership  The clock and the random source outlive the store.
// Errors     None: while Redis cannot be reached it is as good as the memory store. The log has one
//            line per outage and one per recovery; shared_stats() has the rest.
// Cost       docs/scaling.md: a few commands per replica and tick, however many resources; one or
//            two per request.
#pragma once

#include <memory>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/log.h"
#include "responses_proxy/secret.h"
#include "responses_proxy/state_store.h"

namespace RP_PUBLIC responses_proxy {

class Random;

struct RedisStateOptions {
  Secret url = Secret{};  // redis://, rediss://, unix://
  // The longest that a look-up, or whoever waits for an entry to be stored, is held up.
  Millis budget{50};
  AffinityLimits limits = {};
  Log log = ignore_log;
};

// Shares once its sharing() has been started. Throws std::runtime_error if the URL is not one.
std::unique_ptr<StateStore> make_redis_state_store(const Clock& clock, Random& random,
                                                   RedisStateOptions options);

}  // namespace responses_proxy
