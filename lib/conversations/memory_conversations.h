// MemoryConversations: what one process, or one client's socket, remembers of conversations.
//
// A response is an entry that points to the one it continues, and whose items are its own alone.
// One that is forgotten while others continue it cannot be found any more, but stays until the last
// of them goes: so forgetting the least used never breaks a conversation that is in use.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "responses_proxy/conversations.h"

namespace responses_proxy {

class MemoryConversations final : public Conversations {
 public:
  MemoryConversations(const Clock& clock, const ConversationLimits& limits)
      : clock_(clock), limits_(limits) {}

  void find(const ConversationKey& key, Found found) override;
  void keep(std::string_view caller, std::shared_ptr<const History> history, Done done) override;
  void forget(const ConversationKey& key) override;
  ConversationStats stats() const override;

  // As find(), at once; does not count as a use. Null: not known.
  std::shared_ptr<const History> peek(const ConversationKey& key) const;

 private:
  struct Entry;
  using Item = std::pair<const std::string, Entry>;  // of entries_
  struct Entry {
    std::shared_ptr<const History> history;
    Item* previous = nullptr;   // whose `continued` counts this one
    std::size_t continued = 0;  // by so many others here
    std::size_t bytes = 0;      // of its own items, and of what is not in here
    SteadyTime used;
    bool known = true;  // can be found; then it is in by_use_
    std::list<Item*>::iterator in_order;
  };

  void add(std::string_view caller, std::shared_ptr<const History> history);
  Item* find_entry(std::string_view caller, const std::shared_ptr<const History>& history);
  void make_room(const std::string& key);
  void use(Item& item);
  void hide(Item& item);
  void drop_unused(Item* item);
  void keep_within_limits();

  const Clock& clock_;
  const ConversationLimits limits_;
  mutable std::mutex mutex_;  // guards all below
  std::unordered_map<std::string, Entry> entries_;
  std::list<Item*> by_use_;  // the last used one first
  std::size_t bytes_ = 0;
  std::uint64_t renamed_ = 0;
};

}  // namespace responses_proxy
