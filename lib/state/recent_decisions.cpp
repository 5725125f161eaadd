#include "state/recent_decisions.h"

#include <utility>

namespace responses_proxy {

void RecentDecisions::add(Decision decision) {
  const std::scoped_lock lock(mutex_);
  if (ring_.size() < kCapacity) {
    ring_.push_back(std::move(decision));
  } else {
    ring_[next_] = std::move(decision);
  }
  next_ = (next_ + 1) % kCapacity;
}

std::vector<Decision> RecentDecisions::newest_first() const {
  if (all_replicas_) {
    if (auto decisions = all_replicas_()) return std::move(*decisions);
  }
  const std::scoped_lock lock(mutex_);
  std::vector<Decision> decisions;
  decisions.reserve(ring_.size());
  for (std::size_t i = 1; i <= ring_.size(); ++i) {
    decisions.push_back(ring_[(next_ + kCapacity - i) % kCapacity]);
  }
  return decisions;
}

}  // namespace responses_proxy
