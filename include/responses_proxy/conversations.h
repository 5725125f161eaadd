// Conversations: what stands behind the id of a response: all the items that a request repeats when
// it continues that response somewhere else than where it was made.
//
// Role       Asked when a request continues a response that its next upstream does not hold: one
//            that keeps no responses, another account, a connection that has forgotten. Filled with
//            the answers of upstreams that keep none, and of all turns on a client's socket.
// Threads    From every event loop, several at once; a callback comes on the loop that asked,
//            inside the call or later.
// Ownership  A History is immutable, and shared by whoever holds it: what two conversations have in
//            common stands in memory once. A chain of n turns takes the bytes of n turns.
// Errors     What is forgotten, too large or somebody else's is not known: the client then hears
//            `previous_response_not_found` and sends everything. A store that is down or late
//            answers with an Error: the response may be there, so the client asks again.
// Blocking   Never.
// Limits     Each implementation has its own, and says which; a History kMaxHistoryTurns.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/result.h"

namespace RP_PUBLIC responses_proxy {

// One request and the answer to it. Items are JSON, comma-separated.
struct StoredTurn {
  std::string id;        // of the response
  std::string previous;  // the response that it continues; "" = it begins a conversation
  std::string input;     // the items of the request itself
  std::string output;    // the items of the answer
  bool stored = true;    // not with `"store":false`: then it is for continuations alone
};

// A longer conversation cannot be continued here: it is not kept.
inline constexpr std::size_t kMaxHistoryTurns = 10'000;
inline constexpr std::size_t kMaxHistoryBytes = 32 * 1024 * 1024;

// A conversation up to one of its responses.
class History final {
 public:
  // `before`: what `turn.previous` names; null for a beginning.
  History(StoredTurn turn, std::shared_ptr<const History> before);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  const StoredTurn& latest() const { return turn_; }
  const std::shared_ptr<const History>& before() const { return before_; }
  std::size_t turns() const { return turns_; }
  std::size_t bytes() const { return bytes_; }  // of all items
  // Whether none of its turns is one of `"store":false`.
  bool stored() const { return stored_; }
  // All of them, oldest first: a comma-separated list, "" if there are none. Linear in its bytes.
  std::string items() const;
  // The same as the lists that they stand in here, none of them empty; valid as long as this is.
  // Linear in its turns.
  std::vector<std::string_view> lists() const;

 private:
  const StoredTurn turn_;
  mutable std::shared_ptr<const History> before_;
  const std::size_t turns_;
  const std::size_t bytes_;
  const bool stored_;
};

struct ConversationKey {
  std::string_view response_id;
  std::string_view caller;  // as the Gate calls them: nobody finds what is somebody else's
};

struct ConversationStats {
  std::size_t responses = 0;  // that can be found
  std::size_t bytes = 0;      // of items, those included that only others continue
};

class Conversations {
 public:
  // Null: not known. Error: nobody can say so now.
  using Found = std::function<void(Result<std::shared_ptr<const History>> history)>;
  // Whether other replicas can find it now; not if it is too long, or the store is down or late.
  using Done = std::function<void(bool others_can)>;

  virtual ~Conversations() = default;
  // Finding a response counts as using it.
  virtual void find(const ConversationKey& key, Found found) = 0;
  // The response that `history` ends with can be found from now on. What it continues need not have
  // been kept here. Calls done (which may be empty) when other replicas can find it, too, or will
  // not.
  virtual void keep(std::string_view caller, std::shared_ptr<const History> history, Done done) = 0;
  // The response alone: what continues it is still known.
  virtual void forget(const ConversationKey& key) = 0;
  virtual ConversationStats stats() const { return {}; }
};

struct ConversationLimits {
  std::size_t max_responses = 100'000;  // that can be found
  // Of items, over all conversations; those that were not used for longest are forgotten first.
  std::size_t max_bytes = 256 * 1024 * 1024;
  std::size_t max_conversation_bytes = kMaxHistoryBytes;  // a longer one is not kept
  Millis idle = std::chrono::hours(1);                    // one unused for so long is forgotten
};

// In the memory of this process, for this process.
std::unique_ptr<Conversations> make_memory_conversations(const Clock& clock,
                                                         ConversationLimits limits = {});

}  // namespace responses_proxy
