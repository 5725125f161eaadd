#include <future>

#include "contract/state_store_contract.h"
#include "fakes/manual_clock.h"
#include "fakes/private_redis.h"
#include "fakes/wait_until.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/random.h"
#include "responses_proxy/redis_state_store.h"
#include "responses_proxy/state_sharing.h"

namespace {

// Makes every key expire that much sooner.
constexpr const char* kAge = R"(
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left > 0 then redis.call('PEXPIRE', key, left - tonumber(ARGV[1])) end
end)";

struct RedisBackend {
  ~RedisBackend() {
    loops.stop();
    if (store) store->sharing()->stop();
  }
  responses_proxy::StateStore& open(const responses_proxy::AffinityLimits& limits) {
    store = responses_proxy::make_redis_state_store(
        clock, random,
        {responses_proxy::Secret(redis.url()), responses_proxy::Millis(5'000), limits, {}});
    store->sharing()->start(loops);
    loops.start();
    REQUIRE(responses_proxy::testing::wait_until([this] { return store->shared_stats()->up; }));
    return *store;
  }
  void pass(responses_proxy::Millis time) {
    // Whatever nobody waits for has arrived.
    await([this](const std::function<void()>& done) {
      store->remember_affinity({responses_proxy::AffinityKind::response, "pass"}, "r", done);
    });
    clock.advance(time);
    redis.command({"EVAL", kAge, "0", std::to_string(time.count())});
  }
  void await(const std::function<void(std::function<void()>)>& call) {
    std::promise<void> done;
    loops.at(0).post([&] { call([&] { done.set_value(); }); });
    REQUIRE(done.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  }
  responses_proxy::testing::PrivateRedis redis;
  responses_proxy::testing::ManualClock clock;
  responses_proxy::SeededRandom random{1};
  responses_proxy::EventLoops loops{2};
  std::unique_ptr<responses_proxy::StateStore> store;
};

}  // namespace

TYPE_TO_STRING(RedisBackend);
namespace responses_proxy::testing {
STATE_STORE_CONTRACT(RedisBackend);
}
