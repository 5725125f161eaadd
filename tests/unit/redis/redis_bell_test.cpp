#include "redis/redis_bell.h"

#include <doctest/doctest.h>

#include <atomic>

#include "fakes/private_redis.h"
#include "fakes/wait_until.h"

namespace responses_proxy {

using testing::PrivateRedis;
using testing::wait_until;

TEST_CASE("whoever listens hears the bell, as often as it takes") {
  PrivateRedis redis;
  std::atomic<int> here{0};
  std::atomic<int> there{0};
  RedisBell one(redis.options(), "bell", [&] { ++here; });
  RedisBell other(redis.options(), "bell", [&] { ++there; });
  REQUIRE(wait_until([&] { return here == 1 && there == 1; }));  // both listen
  // A ring between two looks is lost: the next one is not.
  CHECK(wait_until([&] {
    one.ring();
    return here > 1 && there > 1;
  }));
}

TEST_CASE("without Redis the bell is mute, and ends") {
  RedisOptions nowhere;
  nowhere.host = "127.0.0.1";
  nowhere.port = 1;
  std::atomic<int> heard{0};
  {
    RedisBell bell(nowhere, "bell", [&] { ++heard; });
    bell.ring();
  }
  CHECK(heard == 0);
}

}  // namespace responses_proxy
