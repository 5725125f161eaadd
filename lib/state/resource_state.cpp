#include <algorithm>

#include "responses_proxy/resource.h"

namespace responses_proxy {

namespace {

SteadyTime::rep ticks(SteadyTime time) {
  return time.time_since_epoch().count();
}

// A cooldown is only ever made longer by an error; a success ends it. Whether it was longer.
bool raise_to(std::atomic<SteadyTime::rep>& target, SteadyTime::rep value) {
  auto current = target.load(std::memory_order_relaxed);
  while (current < value) {
    if (target.compare_exchange_weak(current, value, std::memory_order_relaxed)) return true;
  }
  return false;
}

}  // namespace

void ResourceState::apply(const Verdict& verdict, SteadyTime now) {
  if (verdict.error) total_errors_.fetch_add(1, std::memory_order_relaxed);
  if (learn(verdict, now)) changes_.fetch_add(1, std::memory_order_release);
}

bool ResourceState::learn(const Verdict& verdict, SteadyTime now) {
  if (!verdict.reason.empty()) {
    const std::scoped_lock lock(error_mutex_);
    last_error_ = verdict.reason;
  }
  if (verdict.health == Health::unknown) return false;
  const Health before = health_.exchange(verdict.health, std::memory_order_relaxed);
  bool changed = before != verdict.health;
  if (verdict.health == Health::healthy) {
    if (before == Health::unhealthy) recovered_at_.store(ticks(now), std::memory_order_relaxed);
    if (before == Health::degraded) {
      // It has been back since its cooldown ended, unless this ends it early.
      const auto ended = cooldown_until_.load(std::memory_order_relaxed);
      recovered_at_.store(std::min(ended, ticks(now)), std::memory_order_relaxed);
    }
    cooldown_until_.store(0, std::memory_order_relaxed);
    return changed;
  }
  if (verdict.cooldown > Millis::zero()) {
    changed |= raise_to(cooldown_until_, ticks(now + verdict.cooldown));
  }
  if (verdict.blocked > Millis::zero()) {
    changed |= raise_to(blocked_until_, ticks(now + verdict.blocked));
  }
  return changed;
}

std::string ResourceState::last_error() const {
  const std::scoped_lock lock(error_mutex_);
  return last_error_;
}

}  // namespace responses_proxy
