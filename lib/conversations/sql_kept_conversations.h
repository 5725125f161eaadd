// SqlKeptConversations: kept conversations in SQL, one row each, for all replicas.
//
// Role       Nothing of them is in memory: each replica adds to what the others have added.
// Threads    Those of BlockingCalls.
// Errors     A database that is down or late is an Error.
#pragma once

#include <functional>
#include <string>

#include "conversations/keyed_calls.h"
#include "responses_proxy/kept_conversations.h"

namespace responses_proxy {

class SqlKeptConversations final : public KeptConversations {
 public:
  // One that nobody has read or written for `ttl` is forgotten. `loops` are those that ask; they no
  // longer run when this is destroyed.
  SqlKeptConversations(Database& database, const Clock& clock, EventLoops& loops, Millis ttl)
      : database_(database), clock_(clock), ttl_(ttl), calls_(database, clock, loops, 1) {}

  void find(const ConversationKey& key, Found found) override;
  void keep(std::string_view caller, KeptConversation conversation, Done done) override;
  void update(std::string_view caller, KeptConversation conversation, Done done) override;
  void forget(const ConversationKey& key, Done done) override;

 private:
  using Change = std::function<bool(SqlConnection& connection, const std::string& owner,
                                    const KeptConversation& conversation)>;
  void write(std::string_view caller, KeptConversation conversation, Done done, Change change);

  Database& database_;
  const Clock& clock_;
  const Millis ttl_;
  KeyedCalls calls_;  // last: it ends first
};

}  // namespace responses_proxy
