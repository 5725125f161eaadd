// ConversationRows: conversations in SQL, one row per turn: its own items, and the row before it.
//
// A conversation and all that forks from it is used, and expires, as one. A response that is
// forgotten loses its name; its row stays while another continues it.
//
// Threads    Safe from any thread.
// Errors     Throws StorageError.
// Blocking   Every call.
#pragma once

#include <memory>
#include <string_view>

#include "responses_proxy/conversations.h"
#include "responses_proxy/random.h"
#include "storage/database.h"

namespace responses_proxy {

class ConversationRows {
 public:
  // A conversation unused for longer than `ttl` is forgotten.
  ConversationRows(Database& database, Random& random, Millis ttl)
      : database_(database), random_(random), ttl_(ttl) {}

  // Null: not known.
  std::shared_ptr<const History> load(const ConversationKey& key, WallTime now);
  // The latest turn, and those before it that are not in here yet.
  void save(std::string_view caller, const History& history, WallTime now);
  void forget(const ConversationKey& key);
  // Deletes some of what has expired.
  void expire(WallTime now);

 private:
  Database& database_;
  Random& random_;
  const Millis ttl_;
};

}  // namespace responses_proxy
