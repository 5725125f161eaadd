#include <algorithm>

#include "responses_proxy/resource.h"

namespace responses_proxy {

namespace {

SteadyTime::rep ticks(SteadyTime time) {
  return time.time_since_epoch().count();
}

// A cooldown is only ever made longer by an error; a success ends it.
void raise_to(std::atomic<SteadyTime::rep>& target, SteadyTime::rep value) {
  auto current = target.load(std::memory_order_relaxed);
  while (current < value &&
         !target.compare_exchange_weak(current, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

void ResourceState::apply(const Verdict& verdict, SteadyTime now) {
  if (verdict.error) total_errors_.fetch_add(1, std::memory_order_relaxed);
  if (!verdict.reason.empty()) {
    const std::scoped_lock lock(error_mutex_);
    last_error_ = verdict.reason;
  }
  if (verdict.health == Health::unknown) return;
  health_.store(verdict.health, std::memory_order_relaxed);
  if (verdict.health == Health::healthy) {
    cooldown_until_.store(0, std::memory_order_relaxed);
    return;
  }
  if (verdict.cooldown > Millis::zero()) raise_to(cooldown_until_, ticks(now + verdict.cooldown));
  if (verdict.blocked > Millis::zero()) raise_to(blocked_until_, ticks(now + verdict.blocked));
}

std::string ResourceState::last_error() const {
  const std::scoped_lock lock(error_mutex_);
  return last_error_;
}

}  // namespace responses_proxy
