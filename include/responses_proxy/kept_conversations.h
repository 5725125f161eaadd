// KeptConversations: the conversations that this proxy keeps in a provider's place, under an id of
// their own: /v1/conversations.
//
// Role       A conversation is a document (what clients get of it) and the turn that it ends with.
//            That turn, and all before it, are in Conversations: one that is added to gets a longer
//            History there, and its end moves on here.
// Threads    From every event loop, several at once; a callback comes on the loop that asked,
//            inside the call or later.
// Errors     A store that is down or late answers with an Error, to be tried again.
// Blocking   Never.
// Limits     kMaxConversationDocument; each implementation has a time after which one that nobody
//            has read or written is forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/conversations.h"
#include "responses_proxy/export.h"
#include "responses_proxy/result.h"

namespace RP_PUBLIC responses_proxy {

// Metadata is all that a client can put into it.
inline constexpr std::size_t kMaxConversationDocument = 64 * 1024;

struct KeptConversation {
  std::string id;
  std::string document;  // JSON
  std::string head;      // id of the turn that it ends with
  std::int64_t version =
      0;  // the store counts; two that change it at once hear of each other by it

  std::size_t bytes() const { return document.size(); }
};

class KeptConversations {
 public:
  // nullopt: not kept, or somebody else's.
  using Found = std::function<void(Result<std::optional<KeptConversation>> conversation)>;
  // Whether it is so now. Others can see it, too.
  using Done = std::function<void(Result<bool> done)>;

  virtual ~KeptConversations() = default;
  // Finding one counts as using it. In `key` the id of the conversation stands for the response's.
  virtual void find(const ConversationKey& key, Found found) = 0;
  // A new one. false: it is too large.
  virtual void keep(std::string_view caller, KeptConversation conversation, Done done) = 0;
  // In the place of the one of the same version. false: somebody was faster, it is not there, or it
  // is too large.
  virtual void update(std::string_view caller, KeptConversation conversation, Done done) = 0;
  // The conversation alone: its turns are still known. false: it was not there.
  virtual void forget(const ConversationKey& key, Done done) = 0;
};

struct KeptConversationLimits {
  std::size_t max_conversations = 100'000;
  std::size_t max_bytes = 64 * 1024 * 1024;  // those unused for longest are forgotten first
  Millis idle = std::chrono::hours(1);       // one unused for so long is forgotten
};

// In the memory of this process, for this process.
std::unique_ptr<KeptConversations> make_memory_kept_conversations(
    const Clock& clock, KeptConversationLimits limits = {});

}  // namespace responses_proxy
