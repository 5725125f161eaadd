// Conversations that one process keeps in its memory.
#include <mutex>
#include <utility>

#include "conversations/kept_in_memory.h"
#include "responses_proxy/kept_conversations.h"

namespace responses_proxy {

namespace {

class MemoryKeptConversations final : public KeptConversations {
 public:
  MemoryKeptConversations(const Clock& clock, const KeptConversationLimits& limits)
      : kept_(clock, {limits.max_conversations, limits.max_bytes, limits.idle}) {}

  void find(const ConversationKey& key, Found found) override {
    found([&]() -> std::optional<KeptConversation> {
      const std::scoped_lock lock(mutex_);
      const KeptConversation* conversation = kept_.find(key);
      if (conversation == nullptr) return std::nullopt;
      kept_.use(key);
      return *conversation;
    }());
  }

  void keep(std::string_view caller, KeptConversation conversation, Done done) override {
    const bool fits = conversation.bytes() <= kMaxConversationDocument;
    if (fits) {
      const std::scoped_lock lock(mutex_);
      put(caller, std::move(conversation));
    }
    if (done) done(fits);
  }

  void update(std::string_view caller, KeptConversation conversation, Done done) override {
    const bool updated = [&] {
      const std::scoped_lock lock(mutex_);
      const KeptConversation* now = kept_.find({conversation.id, caller});
      const bool same = now != nullptr && now->version == conversation.version &&
                        conversation.bytes() <= kMaxConversationDocument;
      if (!same) return false;
      ++conversation.version;
      put(caller, std::move(conversation));
      return true;
    }();
    if (done) done(updated);
  }

  void forget(const ConversationKey& key, Done done) override {
    const bool there = [&] {
      const std::scoped_lock lock(mutex_);
      return kept_.forget(key);
    }();
    if (done) done(there);
  }

 private:
  void put(std::string_view caller, KeptConversation conversation) {
    const std::string id = conversation.id;
    kept_.put({id, caller}, std::move(conversation));
  }

  std::mutex mutex_;  // guards kept_
  KeptInMemory<KeptConversation> kept_;
};

}  // namespace

std::unique_ptr<KeptConversations> make_memory_kept_conversations(const Clock& clock,
                                                                  KeptConversationLimits limits) {
  return std::make_unique<MemoryKeptConversations>(clock, limits);
}

}  // namespace responses_proxy
