#include "shared_state/redis_scripts.h"

#include <fmt/format.h>

namespace responses_proxy {

namespace {

// Takes what `own` holds out of `totals`; false if it is gone.
constexpr std::string_view kSubtract = R"lua(local function subtract(own, totals)
  local counts = redis.call('GET', own)
  if not counts then return false end
  local changes = {}
  for slot = 0, #counts / 4 - 1 do
    local count = struct.unpack('>i4', counts, slot * 4 + 1)
    if count ~= 0 then
      local n = #changes
      changes[n + 1], changes[n + 2], changes[n + 3] = 'INCRBY', 'i32', '#' .. slot
      changes[n + 4] = -count
      if n > 3900 then
        redis.call('BITFIELD', totals, unpack(changes))
        changes = {}
      end
    end
  end
  if #changes > 0 then redis.call('BITFIELD', totals, unpack(changes)) end
  redis.call('DEL', own)
  return true
end
)lua";

constexpr std::string_view kOpen = R"lua(
local meta, slots, totals, replicas, own = unpack(KEYS)
local prefix = string.sub(own, 1, -#ARGV[1] - 1)
local registered = redis.call('ZSCORE', replicas, ARGV[1])
local whole = redis.call('EXISTS', meta, slots, totals, replicas) == 4
if not whole or (registered and not subtract(own, totals)) then
  for _, name in ipairs(redis.call('ZRANGE', replicas, 0, -1)) do redis.call('DEL', prefix .. name) end
  redis.call('DEL', meta, slots, totals, replicas)
  redis.call('HSET', meta, 'epoch', ARGV[2])
  redis.call('HSET', slots, '', 0)
  redis.call('SET', totals, '\0\0\0\0')
end
redis.call('SET', own, '\0\0\0\0')
local time = redis.call('TIME')
redis.call('ZADD', replicas, time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
redis.call('HINCRBY', meta, 'version', 1)

local answer = {redis.call('HGET', meta, 'epoch')}
for first = 3, #ARGV, 1000 do
  local last = math.min(first + 999, #ARGV)
  local found = redis.call('HMGET', slots, unpack(ARGV, first, last))
  for i = first, last do
    local slot = found[i - first + 1]
    if not slot then
      slot = redis.call('HLEN', slots)
      redis.call('HSET', slots, ARGV[i], slot)
    end
    answer[#answer + 1] = tonumber(slot)
  end
end
return answer
)lua";

constexpr std::string_view kTick = R"lua(
local meta, slots, totals, replicas, own, health = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', meta, 'epoch', 'version')
if known[1] ~= ARGV[2] or redis.call('EXISTS', slots, totals, replicas, own) ~= 4 then return {0} end
redis.call('ZADD', replicas, now, ARGV[1])

local changed = false
local counts = tonumber(ARGV[5])
local after_counts = 6 + 2 * counts
if counts > 0 then
  local set = {}
  for i = 6, after_counts - 1, 2 do
    local n = #set
    set[n + 1], set[n + 2], set[n + 3], set[n + 4] = 'SET', 'i32', '#' .. ARGV[i], ARGV[i + 1]
  end
  local before = redis.call('BITFIELD', own, unpack(set))
  for i = 1, counts do
    set[4 * i - 3] = 'INCRBY'
    set[4 * i] = ARGV[5 + 2 * i] - before[i]
  end
  redis.call('BITFIELD', totals, unpack(set))
  changed = true
end

local dead = redis.call('ZRANGEBYSCORE', replicas, '-inf', now - dead_after, 'LIMIT', 0, 1)[1]
if dead then
  if not subtract(string.sub(own, 1, -#ARGV[1] - 1) .. dead, totals) then
    redis.call('DEL', meta)
    return {0}
  end
  redis.call('ZREM', replicas, dead)
  changed = true
end

local version = tonumber(known[2])
if changed then version = redis.call('HINCRBY', meta, 'version', 1) end
local news = ''
if tostring(version) ~= ARGV[3] then news = redis.call('GET', totals) end

for i = after_counts, #ARGV, 6 do
  redis.call('XADD', health, 'MAXLEN', '~', 10000, '*', 'by', ARGV[1], 'id', ARGV[i],
             'health', ARGV[i + 1], 'cooldown', string.format('%.0f', now + ARGV[i + 2]),
             'blocked', string.format('%.0f', now + ARGV[i + 3]), 'reason', ARGV[i + 4],
             'trial', ARGV[i + 5])
end
local seen = ARGV[4]
if seen == '' then seen = string.format('%.0f-0', now - 300000) end
local events = redis.call('XREAD', 'COUNT', 1000, 'STREAMS', health, seen)
return {1, version, news, now, redis.call('ZCARD', replicas), events and events[1][2] or {}}
)lua";

}  // namespace

std::string open_script() {
  return std::string(kSubtract).append(kOpen);
}

std::string tick_script() {
  return fmt::format("local dead_after = {}\n", kDeadAfter.count()).append(kSubtract).append(kTick);
}

}  // namespace responses_proxy
