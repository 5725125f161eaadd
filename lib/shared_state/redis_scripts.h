// What runs inside Redis, and the keys it works on.
//
// Every replica has a string of its own with its active requests, an i32 per slot; `totals` is
// their sum. A resource gets its slot the first time anyone asks. Both change in one script, and a
// replica always sends absolute numbers, so that a repeated or lost answer does no harm. Whoever
// ticks takes the share of a replica that has not been heard of for kDeadAfter out of the totals.
// When a key is gone (flush, restart, eviction), the epoch ends and every replica starts over.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/clock.h"

namespace responses_proxy::redis_keys {

inline constexpr std::string_view kMeta = "rp:meta";          // epoch, version of the totals
inline constexpr std::string_view kSlots = "rp:slots";        // name of a resource state -> slot
inline constexpr std::string_view kTotals = "rp:totals";      // i32 per slot, all replicas
inline constexpr std::string_view kReplicas = "rp:replicas";  // by when they were last heard of
inline constexpr std::string_view kOwn = "rp:own:";           // + replica: i32 per slot
inline constexpr std::string_view kHealth = "rp:health";      // stream of verdicts
inline constexpr std::string_view kDecisions = "rp:decisions";
inline constexpr std::string_view kResponse = "rp:r:";  // + id -> resource id
inline constexpr std::string_view kItem = "rp:i:";
inline constexpr std::string_view kSession = "rp:s:";
inline constexpr std::string_view kAlias = "rp:a:";  // + id -> alias

}  // namespace responses_proxy::redis_keys

namespace responses_proxy {

inline constexpr Millis kDeadAfter{3'000};
// The most changed counts in one tick: Lua's stack holds 8000 values.
inline constexpr std::size_t kCountsPerTick = 1'000;

// KEYS meta slots totals replicas own, ARGV replica, an epoch to begin if there is none, names of
// resource states. Registers the replica with no active requests. -> {epoch, slot of each name...}
std::string open_script();

// KEYS the same and health, ARGV replica, epoch, version, last health event seen ("" = only recent
// ones), number of counts, (slot, count)..., (name, health, cooldown ms, blocked ms, reason)...
// -> {0}: another epoch, open first; or
//    {1, version, totals ("" = version is the same), now ms, replicas, health events}
std::string tick_script();

}  // namespace responses_proxy
