// What the demo upstream remembers: documents by token and id, the oldest forgotten first.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/json.h"

namespace responses_proxy::demo {

// Safe from any thread.
class DemoMemory {
 public:
  explicit DemoMemory(std::size_t capacity) : capacity_(capacity) {}

  void put(const std::string& token, const std::string& id, Json document) {
    const std::lock_guard lock(mutex_);
    Key key(token, id);
    if (documents_.insert_or_assign(key, std::move(document)).second) {
      order_.push_back(std::move(key));
    }
    while (order_.size() > capacity_) {
      documents_.erase(order_.front());
      order_.pop_front();
    }
  }

  std::optional<Json> find(const std::string& token, const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = documents_.find({token, id});
    return found == documents_.end() ? std::nullopt : std::optional<Json>(found->second);
  }

  // The place in `order_` stays taken until it is its turn: deleting stays cheap.
  bool erase(const std::string& token, const std::string& id) {
    const std::lock_guard lock(mutex_);
    return documents_.erase({token, id}) > 0;
  }

 private:
  using Key = std::pair<std::string, std::string>;

  const std::size_t capacity_;
  mutable std::mutex mutex_;  // guards the two below
  std::map<Key, Json> documents_;
  std::deque<Key> order_;
};

}  // namespace responses_proxy::demo
