// KeptInMemory: values under an id and the caller they belong to, in the memory of one process.
//
// Those unused for longest go when there are too many, or too many bytes of them, and each when it
// has been unused for `idle`. Not safe for threads: whoever has one guards it.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "responses_proxy/clock.h"
#include "responses_proxy/conversations.h"

namespace responses_proxy {

// A Value says how many `bytes()` it has, and keeps to that while it is in here.
template <class Value>
class KeptInMemory {
 public:
  struct Limits {
    std::size_t entries;
    std::size_t bytes;
    Millis idle;
  };

  KeptInMemory(const Clock& clock, const Limits& limits) : clock_(clock), limits_(limits) {}

  // Null: it is not there. Looking is no use.
  Value* find(const ConversationKey& key) {
    const auto found = entries_.find(joined(key));
    if (found == entries_.end()) return nullptr;
    return clock_.steady() - found->second.used < limits_.idle ? &found->second.value : nullptr;
  }

  void use(const ConversationKey& key) {
    Entry& entry = entries_.at(joined(key));
    entry.used = clock_.steady();
    by_use_.splice(by_use_.begin(), by_use_, entry.in_order);
  }

  // In the place of what was there.
  void put(const ConversationKey& key, Value value) {
    const std::string name = joined(key);
    drop(name);
    bytes_ += value.bytes();
    by_use_.push_front(name);
    entries_.emplace(name, Entry{std::move(value), clock_.steady(), by_use_.begin()});
    keep_within_limits();
  }

  // false: it was not there.
  bool forget(const ConversationKey& key) {
    const bool there = find(key) != nullptr;
    drop(joined(key));
    return there;
  }

 private:
  struct Entry {
    Value value;
    SteadyTime used;
    std::list<std::string>::iterator in_order;
  };

  // No name of a caller has a zero in it.
  static std::string joined(const ConversationKey& key) {
    return std::string(key.caller).append(1, '\0').append(key.response_id);
  }

  void drop(const std::string& name) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return;
    bytes_ -= found->second.value.bytes();
    by_use_.erase(found->second.in_order);
    entries_.erase(found);
  }

  void keep_within_limits() {
    const SteadyTime now = clock_.steady();
    const auto too_much = [&] {
      return bytes_ > limits_.bytes || entries_.size() > limits_.entries ||
             now - entries_.at(by_use_.back()).used >= limits_.idle;
    };
    while (!by_use_.empty() && too_much()) drop(std::string(by_use_.back()));
  }

  const Clock& clock_;
  const Limits limits_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> by_use_;  // names; the last used one first
  std::size_t bytes_ = 0;
};

}  // namespace responses_proxy
