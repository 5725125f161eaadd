#include "contract/state_store_contract.h"
#include "fakes/manual_clock.h"

namespace {

struct MemoryBackend {
  responses_proxy::StateStore& open(const responses_proxy::AffinityLimits& limits) {
    store = responses_proxy::make_memory_state_store(clock, limits);
    return *store;
  }
  void pass(responses_proxy::Millis time) { clock.advance(time); }
  static void await(const std::function<void(std::function<void()>)>& call) {
    bool inline_answer = false;
    call([&inline_answer] { inline_answer = true; });
    REQUIRE(inline_answer);
  }
  responses_proxy::testing::ManualClock clock;
  std::unique_ptr<responses_proxy::StateStore> store;
};

}  // namespace

TYPE_TO_STRING(MemoryBackend);
namespace responses_proxy::testing {
STATE_STORE_CONTRACT(MemoryBackend);
}
