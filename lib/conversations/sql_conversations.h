// SqlConversations: conversations in SQL, for all replicas, behind a memory of this process.
//
// Role       What was used lately is found in memory; everything else on a helper thread, which
//            comes back to the loop that asked. What is not to be stored (`"store":false`, or what
//            continues that) stays in memory.
// Threads    From event loops; from any other thread too: there a call waits for its answer.
// Errors     A database that does not answer knows nothing, and keeps nothing; the log has it from
//            the writer of records.
// Blocking   Never on a loop. An answer is not waited for longer than kPatience: it is "not known"
//            then, and what is being kept will be, later.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "conversations/conversation_rows.h"
#include "conversations/memory_conversations.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/helper_threads.h"

namespace responses_proxy {

class SqlConversations final : public Conversations {
 public:
  static constexpr Millis kPatience{2'000};

  // `loops` are those that ask. They no longer run when this is destroyed.
  SqlConversations(Database& database, Random& random, const Clock& clock, EventLoops& loops,
                   Millis ttl);

  void find(const ConversationKey& key, Found found) override;
  void keep(std::string_view caller, std::shared_ptr<const History> history, Done done) override;
  void forget(const ConversationKey& key) override;
  ConversationStats stats() const override { return recent_.stats(); }

 private:
  class Answer;
  // Runs `ask`, which blocks, elsewhere; then `told` here, once, or after kPatience without it.
  void elsewhere(std::function<void()> ask, std::function<void()> told);
  EventLoop* this_loop() const;
  void expire_now_and_then();

  ConversationRows rows_;
  const Clock& clock_;
  EventLoops& loops_;
  MemoryConversations recent_;
  std::atomic<SteadyTime> next_expiry_{};
  const std::unique_ptr<HelperThreads> threads_;
};

}  // namespace responses_proxy
