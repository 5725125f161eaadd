// KeptResponses: the responses that this proxy keeps in a provider's place, as clients get them
// back: GET /v1/responses/{id}, and what is made in the background.
//
// Role       Filled where an upstream keeps no responses: with each answer that is to be stored,
//            and with the beginning of each that is made in the background. Conversations has what
//            continues a response; this has the response itself.
// Threads    From every event loop, several at once; a callback comes on the loop that asked,
//            inside the call or later.
// Errors     A store that is down or late answers with an Error, to be tried again.
// Blocking   Never.
// Limits     kMaxKeptBytes per response; each implementation has a time after which one that nobody
//            has read or written is forgotten.
#pragma once

#include <cstddef>
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

inline constexpr std::size_t kMaxKeptBytes = 64 * 1024 * 1024;

struct KeptResponse {
  std::string id;
  std::string document;  // the response as JSON
  // How its items came, so that it can be given as the events it was: dialects/translation/
  // event_marks.h. "" = as one piece each.
  std::string marks;
  // The response that it continues and its own input, comma-separated JSON: as long as no
  // conversation has them.
  std::string previous;
  std::string input;
  bool open = false;  // made in the background, and not at its end
  WallTime touched;   // when it was last written; the store sets it

  std::size_t bytes() const { return document.size() + marks.size() + input.size(); }
};

class KeptResponses {
 public:
  // nullopt: not kept, or somebody else's.
  using Found = std::function<void(Result<std::optional<KeptResponse>> response)>;
  // Whether it is so now. Others can see it, too.
  using Done = std::function<void(Result<bool> done)>;

  virtual ~KeptResponses() = default;
  // Finding one counts as using it, unless it is open.
  virtual void find(const ConversationKey& key, Found found) = 0;
  // false: it is too large.
  virtual void keep(std::string_view caller, KeptResponse response, Done done) = 0;
  // In the place of what was kept. false: that is open no more, or not there; it stays so.
  virtual void update(std::string_view caller, KeptResponse response, Done done) = 0;
  // Its maker is still at it. false: as with update().
  virtual void touch(const ConversationKey& key, Done done) = 0;
  // false: it was not there.
  virtual void forget(const ConversationKey& key, Done done) = 0;
};

struct KeptLimits {
  std::size_t max_responses = 100'000;
  std::size_t max_bytes = 256 * 1024 * 1024;  // those unused for longest are forgotten first
  Millis idle = std::chrono::hours(1);        // one unused for so long is forgotten
};

// In the memory of this process, for this process.
std::unique_ptr<KeptResponses> make_memory_kept_responses(const Clock& clock,
                                                          KeptLimits limits = {});

}  // namespace responses_proxy
