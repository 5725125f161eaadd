// Responses that one process keeps in its memory.
#include <mutex>
#include <utility>

#include "conversations/kept_in_memory.h"
#include "responses_proxy/kept_responses.h"

namespace responses_proxy {

namespace {

class MemoryKeptResponses final : public KeptResponses {
 public:
  MemoryKeptResponses(const Clock& clock, const KeptLimits& limits)
      : clock_(clock), kept_(clock, {limits.max_responses, limits.max_bytes, limits.idle}) {}

  void find(const ConversationKey& key, Found found) override {
    found([&]() -> std::optional<KeptResponse> {
      const std::scoped_lock lock(mutex_);
      const KeptResponse* response = kept_.find(key);
      if (response == nullptr) return std::nullopt;
      if (!response->open) kept_.use(key);
      return *response;
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
      const bool open = is_open({response.id, caller});
      if (open) put(caller, std::move(response));
      return open;
    }();
    if (done) done(updated);
  }

  void touch(const ConversationKey& key, Done done) override {
    const bool open = [&] {
      const std::scoped_lock lock(mutex_);
      if (!is_open(key)) return false;
      kept_.find(key)->touched = clock_.wall();
      kept_.use(key);
      return true;
    }();
    if (done) done(open);
  }

  void forget(const ConversationKey& key, Done done) override {
    const bool there = [&] {
      const std::scoped_lock lock(mutex_);
      return kept_.forget(key);
    }();
    if (done) done(there);
  }

 private:
  bool is_open(const ConversationKey& key) {
    const KeptResponse* response = kept_.find(key);
    return response != nullptr && response->open;
  }

  void put(std::string_view caller, KeptResponse response) {
    const std::string id = response.id;
    response.touched = clock_.wall();
    kept_.put({id, caller}, std::move(response));
  }

  const Clock& clock_;
  std::mutex mutex_;  // guards kept_
  KeptInMemory<KeptResponse> kept_;
};

}  // namespace

std::unique_ptr<KeptResponses> make_memory_kept_responses(const Clock& clock, KeptLimits limits) {
  return std::make_unique<MemoryKeptResponses>(clock, limits);
}

}  // namespace responses_proxy
