#include "contract/conversations_contract.h"
#include "contract/kept_conversations_contract.h"
#include "contract/kept_responses_contract.h"
#include "fakes/manual_clock.h"

namespace responses_proxy::testing {

namespace {

class Memory {
 public:
  static constexpr Millis kIdle{60'000};

  Conversations& conversations() { return *conversations_; }
  KeptResponses& responses() { return *responses_; }
  KeptConversations& kept_conversations() { return *kept_conversations_; }
  void settle() {}
  void advance(Millis by) { clock_.advance(by); }

 private:
  ManualClock clock_;
  const std::unique_ptr<Conversations> conversations_ =
      make_memory_conversations(clock_, {.idle = kIdle});
  const std::unique_ptr<KeptResponses> responses_ =
      make_memory_kept_responses(clock_, {.idle = kIdle});
  const std::unique_ptr<KeptConversations> kept_conversations_ =
      make_memory_kept_conversations(clock_, {.idle = kIdle});
};

}  // namespace

CONVERSATIONS_CONTRACT(Memory)
KEPT_RESPONSES_CONTRACT(Memory)
KEPT_CONVERSATIONS_CONTRACT(Memory)

}  // namespace responses_proxy::testing
