// SqlKeptResponses: kept responses in SQL, one row each, for all replicas.
//
// Role       Nothing of them is in memory: what one replica has deleted, no other gives.
// Threads    Those of BlockingCalls.
// Errors     A database that is down or late is an Error.
#pragma once

#include "conversations/keyed_calls.h"
#include "responses_proxy/kept_responses.h"
#include "storage/database.h"

namespace responses_proxy {

class SqlKeptResponses final : public KeptResponses {
 public:
  // One that nobody has read or written for `ttl` is forgotten. `loops` are those that ask; they no
  // longer run when this is destroyed.
  SqlKeptResponses(Database& database, const Clock& clock, EventLoops& loops, Millis ttl)
      : database_(database), clock_(clock), ttl_(ttl), calls_(database, clock, loops, 2) {}

  void find(const ConversationKey& key, Found found) override;
  void keep(std::string_view caller, KeptResponse response, Done done) override;
  void update(std::string_view caller, KeptResponse response, Done done) override;
  void touch(const ConversationKey& key, Done done) override;
  void forget(const ConversationKey& key, Done done) override;

 private:
  Database& database_;
  const Clock& clock_;
  const Millis ttl_;
  KeyedCalls calls_;  // last: it ends first
};

}  // namespace responses_proxy
