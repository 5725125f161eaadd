#include "conversations/memory_conversations.h"

#include <utility>

namespace responses_proxy {

namespace {

// No name of a caller has a zero in it.
std::string joined(const ConversationKey& key) {
  return std::string(key.caller).append(1, '\0').append(key.response_id);
}

}  // namespace

std::shared_ptr<const History> MemoryConversations::peek(const ConversationKey& key) const {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(joined(key));
  if (found == entries_.end() || !found->second.known) return nullptr;
  return clock_.steady() - found->second.used < limits_.idle ? found->second.history : nullptr;
}

void MemoryConversations::find(const ConversationKey& key, Found found) {
  std::shared_ptr<const History> history = peek(key);
  if (history) {
    const std::scoped_lock lock(mutex_);
    const auto used = entries_.find(joined(key));
    if (used != entries_.end() && used->second.known) use(*used);
  }
  found(std::move(history));
}

void MemoryConversations::keep(std::string_view caller, std::shared_ptr<const History> history,
                               Done done) {
  const bool fits =
      history->bytes() <= limits_.max_conversation_bytes && history->turns() <= kMaxHistoryTurns;
  if (fits) {
    const std::scoped_lock lock(mutex_);
    add(caller, std::move(history));
    keep_within_limits();
  }
  if (done) done(fits);
}

void MemoryConversations::add(std::string_view caller, std::shared_ptr<const History> history) {
  Item* const previous = find_entry(caller, history->before());
  if (previous != nullptr) ++previous->second.continued;
  std::string key = joined({history->latest().id, caller});
  make_room(key);
  Item& item = *entries_.try_emplace(std::move(key)).first;
  Entry& entry = item.second;
  entry.previous = previous;
  entry.bytes = history->bytes() - (previous != nullptr ? history->before()->bytes() : 0);
  entry.history = std::move(history);
  entry.in_order = by_use_.insert(by_use_.begin(), &item);
  entry.used = clock_.steady();
  bytes_ += entry.bytes;
}

// Null: it is none, or it is not in here.
MemoryConversations::Item* MemoryConversations::find_entry(
    std::string_view caller, const std::shared_ptr<const History>& history) {
  if (!history) return nullptr;
  const auto found = entries_.find(joined({history->latest().id, caller}));
  return found != entries_.end() && found->second.history == history ? &*found : nullptr;
}

// An upstream that uses an id twice means the second response. The first stays for what continues
// it, under a name that nobody asks for.
void MemoryConversations::make_room(const std::string& key) {
  auto old = entries_.find(key);
  if (old == entries_.end()) return;
  if (old->second.known) hide(*old);
  auto node = entries_.extract(key);
  if (node.empty()) return;
  node.key().append(1, '\0').append(std::to_string(++renamed_));
  entries_.insert(std::move(node));
}

void MemoryConversations::forget(const ConversationKey& key) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(joined(key));
  if (found != entries_.end() && found->second.known) hide(*found);
}

ConversationStats MemoryConversations::stats() const {
  const std::scoped_lock lock(mutex_);
  return {by_use_.size(), bytes_};
}

void MemoryConversations::use(Item& item) {
  item.second.used = clock_.steady();
  by_use_.splice(by_use_.begin(), by_use_, item.second.in_order);
}

void MemoryConversations::hide(Item& item) {
  item.second.known = false;
  by_use_.erase(item.second.in_order);
  drop_unused(&item);
}

// Of what cannot be found: the entry if nothing continues it, and then what only that continued.
void MemoryConversations::drop_unused(Item* item) {
  while (item != nullptr && !item->second.known && item->second.continued == 0) {
    Item* const previous = item->second.previous;
    if (previous != nullptr) --previous->second.continued;
    bytes_ -= item->second.bytes;
    entries_.erase(entries_.find(item->first));
    item = previous;
  }
}

void MemoryConversations::keep_within_limits() {
  const SteadyTime now = clock_.steady();
  const auto too_much = [&] {
    return bytes_ > limits_.max_bytes || by_use_.size() > limits_.max_responses ||
           now - by_use_.back()->second.used >= limits_.idle;
  };
  while (!by_use_.empty() && too_much()) hide(*by_use_.back());
}

std::unique_ptr<Conversations> make_memory_conversations(const Clock& clock,
                                                         ConversationLimits limits) {
  return std::make_unique<MemoryConversations>(clock, limits);
}

}  // namespace responses_proxy
