// SqlConversations, SqlKeptResponses and SqlKeptConversations over a database, for the contract:
// called from a thread that is no event loop's, so every call has its answer when it returns.
#pragma once

#include <memory>
#include <string>

#include "conversations/sql_conversations.h"
#include "conversations/sql_kept_conversations.h"
#include "conversations/sql_kept_responses.h"
#include "databases/open_database.h"
#include "fakes/manual_clock.h"
#include "responses_proxy/random.h"

namespace responses_proxy::testing {

class SqlBackend {
 public:
  static constexpr Millis kIdle{60'000};

  explicit SqlBackend(const std::string& url)
      : database_(open_database(url, clock_)), conversations_(make()) {}

  Conversations& conversations() { return *conversations_; }
  KeptResponses& responses() { return responses_; }
  KeptConversations& kept_conversations() { return kept_conversations_; }
  // What is found is in the database, not in the memory before it.
  void settle() { conversations_ = make(); }
  void advance(Millis by) { clock_.advance(by); }

 private:
  std::unique_ptr<Conversations> make() {
    return std::make_unique<SqlConversations>(*database_, random_, clock_, loops_, kIdle);
  }

  ManualClock clock_;
  SeededRandom random_{1};
  EventLoops loops_{1};
  const std::unique_ptr<Database> database_;
  std::unique_ptr<Conversations> conversations_;
  SqlKeptResponses responses_{*database_, clock_, loops_, kIdle};
  SqlKeptConversations kept_conversations_{*database_, clock_, loops_, kIdle};
};

}  // namespace responses_proxy::testing
