// Shares live state, or would: nobody listens there, and what is known here is still known.
#include <cstdio>
#include <stdexcept>

#include "responses_proxy/random.h"
#include "responses_proxy/redis_state_store.h"

using namespace responses_proxy;

int main() {
  const SystemClock clock;
  SeededRandom random(1);
  try {
    make_redis_state_store(clock, random, {.url = Secret("no URL")});
    return 1;
  } catch (const std::runtime_error& error) {
    std::printf("%s\n", error.what());
  }
  const auto store =
      make_redis_state_store(clock, random, {.url = Secret("redis://127.0.0.1:1/0")});
  store->remember_affinity({AffinityKind::session, "s"}, "one", [] {});
  return store->resource("one", "there")->id() == "one" && store->sharing() != nullptr ? 0 : 2;
}
