// Responses that one process keeps in its memory.
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "responses_proxy/kept_responses.h"

namespace responses_proxy {

namespace {

class MemoryKeptResponses final : public KeptResponses {
 public:
  MemoryKeptResponses(const Clock& clock, const KeptLimits& limits)
      : clock_(clock), limits_(limits) {}

  void find(const ConversationKey& key, Found found) override {
    found([&]() -> std::optional<KeptResponse> {
      const std::scoped_lock lock(mutex_);
      Entry* entry = live_entry(key);
      if (entry == nullptr) return std::nullopt;
      if (!entry->response.open) use(*entry);
      return entry->response;
    }());
  }

  void keep(std::string_view caller, KeptResponse response, Done done) override {
    const bool fits = response.bytes() <= kMaxKeptBytes;
    if (fits) {
      const std::scoped_lock lock(mutex_);
      put(caller, std::move(response));
    }
    if (done) done(fits);
  }

  void update(std::string_view caller, KeptResponse response, Done done) override {
    const bool updated = [&] {
      const std::scoped_lock lock(mutex_);
      const Entry* entry = live_entry({response.id, caller});
      const bool open = entry != nullptr && entry->response.open;
      if (open) put(caller, std::move(response));
      return open;
    }();
    if (done) done(updated);
  }

  void touch(const ConversationKey& key, Done done) override {
    const bool open = [&] {
      const std::scoped_lock lock(mutex_);
      Entry* entry = live_entry(key);
      if (entry == nullptr || !entry->response.open) return false;
      entry->response.touched = clock_.wall();
      use(*entry);
      return true;
    }();
    if (done) done(open);
  }

  void forget(const ConversationKey& key, Done done) override {
    const bool there = [&] {
      const std::scoped_lock lock(mutex_);
      const bool live = live_entry(key) != nullptr;
      drop(joined(key));
      return live;
    }();
    if (done) done(there);
  }

 private:
  struct Entry {
    KeptResponse response;
    SteadyTime used;
    std::list<std::string>::iterator in_order;
  };

  // No name of a caller has a zero in it.
  static std::string joined(const ConversationKey& key) {
    return std::string(key.caller).append(1, '\0').append(key.response_id);
  }

  Entry* live_entry(const ConversationKey& key) {
    const auto found = entries_.find(joined(key));
    if (found == entries_.end()) return nullptr;
    return clock_.steady() - found->second.used < limits_.idle ? &found->second : nullptr;
  }

  void put(std::string_view caller, KeptResponse response) {
    const std::string key = joined({response.id, caller});
    drop(key);
    response.touched = clock_.wall();
    bytes_ += response.bytes();
    by_use_.push_front(key);
    entries_.emplace(key, Entry{std::move(response), clock_.steady(), by_use_.begin()});
    keep_within_limits();
  }

  void use(Entry& entry) {
    entry.used = clock_.steady();
    by_use_.splice(by_use_.begin(), by_use_, entry.in_order);
  }

  void drop(const std::string& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    bytes_ -= found->second.response.bytes();
    by_use_.erase(found->second.in_order);
    entries_.erase(found);
  }

  void keep_within_limits() {
    const SteadyTime now = clock_.steady();
    const auto too_much = [&] {
      return bytes_ > limits_.max_bytes || entries_.size() > limits_.max_responses ||
             now - entries_.at(by_use_.back()).used >= limits_.idle;
    };
    while (!by_use_.empty() && too_much()) drop(std::string(by_use_.back()));
  }

  const Clock& clock_;
  const KeptLimits limits_;
  std::mutex mutex_;  // guards all below
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> by_use_;  // keys; the last used one first
  std::size_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<KeptResponses> make_memory_kept_responses(const Clock& clock, KeptLimits limits) {
  return std::make_unique<MemoryKeptResponses>(clock, limits);
}

}  // namespace responses_proxy
