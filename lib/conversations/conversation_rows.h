// ConversationRows: conversations in SQL, one row per turn: its own items, and the row before it.
//
// A conversation and all that forks from it is used, and expires, as one. A response that is
// forgotten loses its name; its row stays while another continues it.
//
// Threads    Safe from any thread.
// Errors     Throws StorageError.
// Blocking   Every call.
#pragma once

#include <functional>
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

  // What is at hand of the caller's conversations; null: nothing is.
  using Known = std::function<std::shared_ptr<const History>(std::string_view response_id)>;

  // Null: not known. Reads back as far as what is known already: a conversation that goes on here
  // and elsewhere in turns is not read from its beginning each time.
  std::shared_ptr<const History> load(const ConversationKey& key, WallTime now, const Known& known);
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
