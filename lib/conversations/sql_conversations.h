// SqlConversations: conversations in SQL, for all replicas, behind a memory of this process.
//
// Role       What was used lately is found in memory; everything else by BlockingCalls. What is not
//            to be stored (`"store":false`, or what continues that) stays in memory, as does
//            nothing that is longer than a History may be.
// Threads    Those of BlockingCalls.
// Errors     What a database that is down or late may know is an Error; what it cannot keep is not
//            kept elsewhere. The log has it from the writer of records.
// Blocking   Never on a loop. What is being kept and is late will be there later.
#pragma once

#include <atomic>

#include "conversations/blocking_calls.h"
#include "conversations/conversation_rows.h"
#include "conversations/memory_conversations.h"

namespace responses_proxy {

class SqlConversations final : public Conversations {
 public:
  // `loops` are those that ask. They no longer run when this is destroyed.
  SqlConversations(Database& database, Random& random, const Clock& clock, EventLoops& loops,
                   Millis ttl);

  void find(const ConversationKey& key, Found found) override;
  void keep(std::string_view caller, std::shared_ptr<const History> history, Done done) override;
  void forget(const ConversationKey& key) override;
  ConversationStats stats() const override { return recent_.stats(); }

 private:
  void expire_now_and_then();

  ConversationRows rows_;
  const Clock& clock_;
  MemoryConversations recent_;
  std::atomic<SteadyTime> next_expiry_{};
  BlockingCalls calls_;  // last: it ends first
};

}  // namespace responses_proxy
