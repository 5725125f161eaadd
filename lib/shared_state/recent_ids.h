// RecentIds: the ids of one kind that this process used last, for a Redis that came back empty.
//
// Threads    Safe from any thread, one short lock.
// Limits     kCapacity ids of kMaxIdBytes at most; the one used least recently goes first.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/bounded_id.h"

namespace responses_proxy {

class RecentIds {
 public:
  static constexpr std::size_t kCapacity = 4'096;

  void used(std::string_view id) {
    const BoundedId key(id);
    const std::scoped_lock lock(mutex_);
    if (const auto found = by_id_.find(key); found != by_id_.end()) {
      ids_.splice(ids_.begin(), ids_, found->second);
      return;
    }
    if (ids_.size() == kCapacity) {
      by_id_.erase(ids_.back());
      ids_.pop_back();
    }
    ids_.emplace_front(std::string_view(key));
    by_id_.emplace(ids_.front(), ids_.begin());
  }

  std::vector<std::string> all() const {
    const std::scoped_lock lock(mutex_);
    return {ids_.begin(), ids_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::list<std::string> ids_;  // most recently used first
  std::unordered_map<std::string_view, std::list<std::string>::iterator> by_id_;
};

}  // namespace responses_proxy
