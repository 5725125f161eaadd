// MissedAffinities: what could not be written to Redis, to be written when it is back.
//
// Threads    Safe from any thread.
// Limits     The last kCapacity; what is older is counted and forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "responses_proxy/state_store.h"

namespace responses_proxy {

struct MissedAffinity {
  AffinityKind kind;
  std::string id;
};

class MissedAffinities {
 public:
  static constexpr std::size_t kCapacity = 65'536;

  void add(MissedAffinity missed) {
    const std::scoped_lock lock(mutex_);
    if (missed_.size() == kCapacity) {
      missed_.pop_front();
      ++lost_;
    }
    missed_.push_back(std::move(missed));
  }

  // The oldest, up to `count`.
  std::vector<MissedAffinity> take(std::size_t count) {
    const std::scoped_lock lock(mutex_);
    std::vector<MissedAffinity> taken;
    while (taken.size() < count && !missed_.empty()) {
      taken.push_back(std::move(missed_.front()));
      missed_.pop_front();
    }
    return taken;
  }

  std::uint64_t lost() const {
    const std::scoped_lock lock(mutex_);
    return lost_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<MissedAffinity> missed_;
  std::uint64_t lost_ = 0;
};

}  // namespace responses_proxy
