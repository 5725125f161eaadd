// Several replicas, as objects of one process, over a real Redis.
#include <doctest/doctest.h>

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fakes/delaying_relay.h"
#include "fakes/private_redis.h"
#include "fakes/wait_until.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/random.h"
#include "responses_proxy/redis_state_store.h"
#include "responses_proxy/state_sharing.h"

using namespace responses_proxy;
using responses_proxy::testing::DelayingRelay;
using responses_proxy::testing::PrivateRedis;
using responses_proxy::testing::wait_until;

namespace {

using FoundId = std::optional<std::string>;
constexpr AffinityKind kResponse = AffinityKind::response;
constexpr AffinityKind kSession = AffinityKind::session;

class Replica {
 public:
  explicit Replica(const std::string& url, std::uint64_t seed = 1, Millis budget = Millis(2'000))
      : random_(seed),
        store_(make_redis_state_store(clock_, random_, {Secret(url), budget, {}, log()})) {
    store_->sharing()->start(loops_);
    loops_.start();
  }
  ~Replica() { die(); }

  // Without a word to Redis.
  void die() {
    loops_.stop();
    store_->sharing()->stop();
  }

  bool up() {
    return wait_until([this] { return store_->shared_stats()->up; });
  }
  bool down() {
    return wait_until([this] { return !store_->shared_stats()->up; });
  }
  void remember(AffinityKind kind, const std::string& id, const std::string& resource_id) {
    std::promise<void> done;
    loops_.at(1).post([&] {
      store_->remember_affinity({kind, id}, resource_id, [&] { done.set_value(); });
    });
    done.get_future().wait();
  }
  // Also says whether it was answered before find_affinity returned.
  FoundId find(AffinityKind kind, const std::string& id, bool* inline_answer = nullptr) {
    std::promise<FoundId> found;
    std::future<FoundId> answer = found.get_future();
    loops_.at(0).post([&, inline_answer] {
      auto returned = std::make_shared<bool>(false);
      store_->find_affinity({kind, id}, [&found, inline_answer, returned](FoundId resource_id) {
        if (inline_answer != nullptr) *inline_answer = !*returned;
        found.set_value(std::move(resource_id));
      });
      *returned = true;
    });
    return answer.get();
  }
  ResourceState& state(const std::string& id, const std::string& points_at = "") {
    auto& held = held_[id + points_at];
    if (!held) held = store_->resource(id, points_at);
    return *held;
  }
  // As when a routing table has gone, and with it who held the state.
  void let_go(const std::string& id, const std::string& points_at = "") {
    held_.erase(id + points_at);
  }
  StateStore& operator*() { return *store_; }
  StateStore* operator->() { return store_.get(); }
  const Clock& clock() const { return clock_; }
  std::vector<std::string> lines() {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }

 private:
  Log log() {
    return [this](const LogEvent& event) {
      const std::scoped_lock lock(mutex_);
      lines_.push_back(event.message);
    };
  }

  SystemClock clock_;
  SeededRandom random_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  EventLoops loops_{2};
  std::unique_ptr<StateStore> store_;
  std::map<std::string, std::shared_ptr<ResourceState>> held_;
};

bool becomes(ResourceState& state, std::int64_t active) {
  return wait_until([&] { return state.active() == active; });
}

}  // namespace

TEST_CASE("what one replica has stored, the others find") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  REQUIRE((a.up() && b.up()));
  for (int i = 0; i < 500; ++i) {
    const std::string id = "resp_" + std::to_string(i);
    a.remember(kResponse, id, "openai-" + std::to_string(i));
    REQUIRE(b.find(kResponse, id) == FoundId("openai-" + std::to_string(i)));
  }
  b.remember(kSession, "s", "openai-1");
  CHECK(a.find(kSession, "s") == FoundId("openai-1"));
  bool inline_answer = false;
  CHECK(a.find(kSession, "s", &inline_answer) == FoundId("openai-1"));
  CHECK(inline_answer);  // it knows by now
  CHECK(a.find(kSession, "never") == std::nullopt);
  CHECK(redis.text({"PTTL", "rp:s:s"}).size() == 7);  // an hour
  CHECK(a.lines().empty());
}

TEST_CASE("items are shared under names of their own") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  REQUIRE((a.up() && b.up()));
  a.remember(AffinityKind::item, "msg_1", "openai-1");
  CHECK(b.find(AffinityKind::item, "msg_1") == FoundId("openai-1"));
  CHECK(b.find(kResponse, "msg_1") == std::nullopt);
  CHECK(redis.text({"PTTL", "rp:i:msg_1"}).size() == 10);  // 30 days
}

TEST_CASE("long ids are shared, and stay apart") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  REQUIRE((a.up() && b.up()));
  const std::string common(100'000, 'x');
  a.remember(kSession, common + "1", "openai-1");
  a.remember(kSession, common + "2", "openai-2");
  CHECK(b.find(kSession, common + "1") == FoundId("openai-1"));
  CHECK(b.find(kSession, common + "2") == FoundId("openai-2"));
}

TEST_CASE("a session that is found in Redis lives on there as if it had been stored again") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  REQUIRE((a.up() && b.up()));
  const auto left = [&redis](const char* name) { return std::stoll(redis.text({"PTTL", name})); };
  a.remember(kSession, "s", "openai-1");
  a.remember(kResponse, "resp_1", "openai-1");
  for (const char* name : {"rp:s:s", "rp:r:resp_1"}) redis.command({"PEXPIRE", name, "60000"});
  CHECK(b.find(kResponse, "resp_1") == FoundId("openai-1"));
  CHECK(b.find(kSession, "s") == FoundId("openai-1"));
  CHECK(wait_until([&] { return left("rp:s:s") > 3'000'000; }));
  CHECK(left("rp:r:resp_1") <= 60'000);  // responses grow old, used or not
}

TEST_CASE("active requests add up, and come back to exactly nothing") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  for (int i = 0; i < 3; ++i) a.state("x").acquire();
  for (int i = 0; i < 4; ++i) b.state("x").acquire();
  b.state("y").acquire();
  CHECK(becomes(a.state("x"), 7));
  CHECK(becomes(b.state("x"), 7));
  CHECK(becomes(a.state("y"), 1));
  CHECK(a.state("x").has_peers());
  CHECK(a->shared_stats()->replicas == 2);

  for (int i = 0; i < 3; ++i) a.state("x").release();
  for (int i = 0; i < 4; ++i) b.state("x").release();
  b.state("y").release();
  CHECK(becomes(a.state("x"), 0));
  CHECK(becomes(b.state("x"), 0));
  CHECK(becomes(a.state("y"), 0));
  CHECK(redis.text({"GET", "rp:totals"}).find_first_not_of('\0') == std::string::npos);
}

TEST_CASE("what is let go with requests on the books leaves none of them there") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  for (int i = 0; i < 3; ++i) a.state("x").acquire();
  REQUIRE(becomes(b.state("x"), 3));
  for (int i = 0; i < 3; ++i) a.state("x").release();
  a.let_go("x");
  CHECK(becomes(b.state("x"), 0));
  b.state("x").acquire();
  CHECK(becomes(a.state("x"), 1));  // made anew, and told of again
  a.state("x").acquire();
  CHECK(becomes(b.state("x"), 2));
}

TEST_CASE("what an id points at has counts and health of its own, on every replica") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  a.state("x", "old").acquire();
  b.state("x", "old");
  b.state("x", "new");
  REQUIRE((a.up() && b.up()));
  a.state("x", "old")
      .apply({Health::unhealthy, Millis(60'000), {}, true, "HTTP 401"}, a.clock().steady());
  REQUIRE(wait_until([&] { return b.state("x", "old").health() == Health::unhealthy; }));
  REQUIRE(becomes(b.state("x", "old"), 1));
  CHECK(b.state("x", "new").health() == Health::unknown);
  CHECK(b.state("x", "new").active() == 0);
}

TEST_CASE("a report whose answer is lost counts once") {
  PrivateRedis redis;
  DelayingRelay relay(redis.options().unix_socket, Millis(0));
  Replica a(relay.url(), 1, Millis(50));
  Replica b(redis.url(), 2);
  a.state("x");
  b.state("x");
  REQUIRE(wait_until([&] { return a->shared_stats()->replicas == 2; }));
  relay.set_delay(Millis(3'000));  // longer than anybody waits for an answer
  a.state("x").acquire();
  REQUIRE(becomes(b.state("x"), 1));
  a.state("x").release();  // as it was when Redis answered last
  relay.set_delay(Millis(0));
  CHECK(becomes(b.state("x"), 0));
}

TEST_CASE("a replica that dies takes its requests with it") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  a.state("x").acquire();
  for (int i = 0; i < 5; ++i) b.state("x").acquire();
  REQUIRE(becomes(a.state("x"), 6));
  b.die();
  CHECK(becomes(a.state("x"), 1));
  CHECK(wait_until([&] { return a->shared_stats()->replicas == 1; }));
  CHECK(wait_until([&] { return !a.state("x").has_peers(); }));
}

TEST_CASE("a Redis that has lost everything is told again") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  REQUIRE((a.up() && b.up()));
  for (int i = 0; i < 3; ++i) a.state("x").acquire();
  for (int i = 0; i < 4; ++i) b.state("x").acquire();
  a.remember(kResponse, "resp_1", "openai-1");
  REQUIRE((becomes(a.state("x"), 7) && becomes(b.state("x"), 7)));
  const auto lose = [&](const std::vector<std::string>& command) {
    const std::string epoch = redis.text({"HGET", "rp:meta", "epoch"});
    redis.command(command);
    return wait_until([&] {
      const std::string now = redis.text({"HGET", "rp:meta", "epoch"});
      return !now.empty() && now != epoch;
    });
  };
  SUBCASE("all of it") {
    CHECK(lose({"FLUSHALL"}));
  }
  SUBCASE("the sums") {
    CHECK(lose({"DEL", "rp:totals"}));
  }
  SUBCASE("the slots") {
    CHECK(lose({"DEL", "rp:slots"}));
  }
  SUBCASE("who is there") {
    CHECK(lose({"DEL", "rp:replicas"}));
  }
  SUBCASE("by a restart") {
    redis.stop();
    CHECK((a.down() && b.down()));
    redis.start();
    CHECK((a.up() && b.up()));
  }
  a.state("x").release();
  b.state("x").acquire();
  CHECK(becomes(a.state("x"), 7));
  CHECK(becomes(b.state("x"), 7));
  b.state("x").release();
  CHECK(becomes(a.state("x"), 6));
  CHECK(wait_until([&] { return redis.text({"GET", "rp:r:resp_1"}) == "openai-1"; }));
}

TEST_CASE("health and cooldown are shared") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  REQUIRE((a.up() && b.up()));
  b.state("x");
  a.state("x").apply({Health::degraded, Millis(60'000), Millis(30'000), true, "HTTP 429"},
                     a.clock().steady());
  REQUIRE(wait_until([&] { return b.state("x").health() == Health::degraded; }));
  const SteadyTime now = b.clock().steady();
  CHECK(b.state("x").cooldown_until() > now + Millis(30'000));
  CHECK(b.state("x").cooldown_until() <= now + Millis(60'000));
  CHECK(b.state("x").blocked_until() > now);
  CHECK(b.state("x").blocked_until() <= now + Millis(30'000));
  CHECK(b.state("x").last_error() == "HTTP 429");
  CHECK(b.state("x").total_errors() == 0);

  b.state("x").apply({Health::healthy, {}, {}, false, ""}, now);
  REQUIRE(wait_until([&] { return a.state("x").health() == Health::healthy; }));
  CHECK(a.state("x").cooldown_until() == SteadyTime{});

  // Who comes later hears of it, too.
  a.state("x").apply({Health::unhealthy, Millis(60'000), {}, true, "HTTP 401"}, a.clock().steady());
  Replica c(redis.url(), 3);
  c.state("x");
  CHECK(wait_until([&] { return c.state("x").health() == Health::unhealthy; }));
}

TEST_CASE("that a resource is on trial, and why, is shared") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  REQUIRE((a.up() && b.up()));
  b.state("x");
  const std::string reason = "HTTP 401: Incorrect API key provided";
  a.state("x").apply({Health::unhealthy, Millis(60'000), {}, true, reason}, a.clock().steady());
  REQUIRE(wait_until([&] { return b.state("x").health() == Health::unhealthy; }));
  CHECK(b.state("x").last_error() == reason);
  a.state("x").apply_check({Health::healthy, {}, {}, false, ""}, a.clock().steady());
  REQUIRE(wait_until([&] { return b.state("x").on_trial(); }));
  CHECK(b.state("x").health() == Health::degraded);
  CHECK(b.state("x").reason_at(b.clock().steady()) == "on trial after " + reason);
  b.state("x").apply({Health::healthy, {}, {}, false, ""}, b.clock().steady());
  REQUIRE(wait_until([&] { return a.state("x").health() == Health::healthy; }));
  CHECK_FALSE(a.state("x").on_trial());
}

namespace {

// News as a replica of that name would tell it.
void tell(PrivateRedis& redis, const std::string& by, const std::string& id,
          const std::string& health, const std::string& reason) {
  redis.command({"XADD", "rp:health", "*", "by", by, "id", id, "health", health, "cooldown",
                 "99999999999999", "blocked", "99999999999999", "reason", reason, "trial", "no",
                 "a-field-of-tomorrow", "?"});
}

}  // namespace

TEST_CASE("a replica's own news does not come back to it") {
  PrivateRedis redis;
  Replica a(redis.url());
  a.state("x");
  a.state("marker");
  REQUIRE(wait_until([&] { return a->shared_stats()->replicas == 1; }));
  const std::string me =
      redis.text({"EVAL", "return redis.call('ZRANGE', 'rp:replicas', 0, -1)[1]", "0"});
  tell(redis, me, "x", "3", "what I thought a moment ago");
  tell(redis, "somebody else", "marker", "3", "");
  REQUIRE(wait_until([&] { return a.state("marker").health() == Health::unhealthy; }));
  CHECK(a.state("x").health() == Health::unknown);
  CHECK(a.state("x").last_error().empty());
  CHECK(a.state("x").blocked_until() == SteadyTime{});
}

TEST_CASE("words of a later version are kept as text, and change nothing") {
  PrivateRedis redis;
  Replica a(redis.url());
  a.state("x").apply({Health::healthy, {}, {}, false, ""}, a.clock().steady());
  a.state("marker");
  REQUIRE(a.up());
  for (const char* health : {"9", "-1", "recovering", ""}) {
    tell(redis, "tomorrow's", "x", health, "a reason of tomorrow");
  }
  tell(redis, "tomorrow's", "marker", "3", "");
  REQUIRE(wait_until([&] { return a.state("marker").health() == Health::unhealthy; }));
  CHECK(a.state("x").health() == Health::healthy);
  CHECK(a.state("x").blocked_until() == SteadyTime{});
  CHECK(a.state("x").last_error() == "a reason of tomorrow");
  CHECK(a->shared_stats()->up);
}

TEST_CASE("every replica sees the decisions of all") {
  PrivateRedis redis;
  Replica a(redis.url(), 1);
  Replica b(redis.url(), 2);
  REQUIRE((a.up() && b.up()));
  const WallTime start = a.clock().wall();
  for (int i = 0; i < 60; ++i) {
    Replica& replica = i % 2 == 0 ? a : b;
    replica->sharing()->share_decision({"req-" + std::to_string(i), "s\xff", "", "x",
                                        SelectionReason::session_affinity, start + Millis(i)});
  }
  std::vector<Decision> seen;
  CHECK(wait_until([&] {
    seen = a->sharing()->recent_decisions().value_or(std::vector<Decision>());
    return seen.size() == 50 && seen.front().request_id == "req-59";
  }));
  CHECK(seen[1].request_id == "req-58");
  CHECK(seen[1].resource_id == "x");
  CHECK(seen[1].reason == SelectionReason::session_affinity);
  CHECK(b->sharing()->recent_decisions().value_or(std::vector<Decision>()).size() == 50);
}

TEST_CASE("no Redis at the start: nobody waits, and what was learnt is told later") {
  PrivateRedis redis;
  redis.stop();
  Replica a(redis.url());
  REQUIRE(wait_until([&] { return !a.lines().empty(); }));
  bool inline_answer = false;
  CHECK(a.find(kResponse, "resp_1", &inline_answer) == std::nullopt);
  CHECK(inline_answer);
  a.remember(kResponse, "resp_1", "openai-1");
  CHECK(a.find(kResponse, "resp_1") == FoundId("openai-1"));
  CHECK(a->sharing()->recent_decisions() == std::nullopt);
  const SharedStateStats stats = *a->shared_stats();
  CHECK_FALSE(stats.up);
  CHECK(stats.problem != "");
  CHECK(stats.outages == 1);

  redis.start();
  CHECK(a.up());
  CHECK(wait_until([&] { return redis.text({"GET", "rp:r:resp_1"}) == "openai-1"; }));
  REQUIRE(wait_until([&] { return a.lines().size() == 2; }));
  CHECK(a.lines()[0].find("going on with what this process knows") != std::string::npos);
  CHECK(a.lines()[1].find("works again after") != std::string::npos);
}

TEST_CASE("Redis hangs: one request waits its budget, the others do not") {
  PrivateRedis redis;
  Replica a(redis.url(), 1, Millis(300));
  REQUIRE(a.up());
  redis.pause();
  bool inline_answer = true;
  CHECK(a.find(kResponse, "resp_1", &inline_answer) == std::nullopt);
  CHECK_FALSE(inline_answer);
  for (int i = 0; i < 100; ++i) {
    CHECK(a.find(kResponse, "resp_1", &inline_answer) == std::nullopt);
    REQUIRE(inline_answer);
  }
  a.remember(kResponse, "resp_2", "openai-2");
  a.remember(kSession, "s", "openai-2");
  CHECK(a->shared_stats()->timeouts >= 1);
  redis.resume();
  CHECK(a.up());
  CHECK(wait_until([&] { return redis.text({"GET", "rp:r:resp_2"}) == "openai-2"; }));
  CHECK(wait_until([&] { return redis.text({"GET", "rp:s:s"}) == "openai-2"; }));
  CHECK(wait_until([&] { return a.lines().size() == 2; }));
}

TEST_CASE("Redis is slow: nobody waits for it, but it hears everything") {
  PrivateRedis redis;
  DelayingRelay relay(redis.options().unix_socket, Millis(200));
  Replica a(relay.url(), 1, Millis(50));
  REQUIRE(wait_until([&] { return a->shared_stats()->timeouts > 0; }));
  REQUIRE(a.down());
  bool inline_answer = false;
  CHECK(a.find(kResponse, "resp_1", &inline_answer) == std::nullopt);
  CHECK(inline_answer);
  a.remember(kResponse, "resp_1", "openai-1");
  CHECK(wait_until([&] { return redis.text({"GET", "rp:r:resp_1"}) == "openai-1"; }));
  a.state("x").acquire();
  Replica b(redis.url(), 2);
  CHECK(becomes(b.state("x"), 1));
}

TEST_CASE("a Redis that refuses: said once, and over when it is over") {
  PrivateRedis redis;
  Replica a(redis.url());
  REQUIRE(a.up());
  std::vector<std::string> undo;
  std::string problem;
  SUBCASE("read-only") {
    redis.command({"REPLICAOF", "127.0.0.1", "1"});
    undo = {"REPLICAOF", "NO", "ONE"};
    problem = "READONLY";
  }
  SUBCASE("out of memory") {
    redis.command({"CONFIG", "SET", "maxmemory", "1"});
    undo = {"CONFIG", "SET", "maxmemory", "0"};
    problem = "OOM";
  }
  a.remember(kResponse, "resp_1", "openai-1");
  CHECK(a.down());
  CHECK(a->shared_stats()->problem.find(problem) != std::string::npos);
  CHECK(a.find(kResponse, "resp_1") == FoundId("openai-1"));
  CHECK(a.find(kResponse, "resp_2") == std::nullopt);
  redis.command(undo);
  CHECK(a.up());
  CHECK(wait_until([&] { return redis.text({"GET", "rp:r:resp_1"}) == "openai-1"; }));
  CHECK(wait_until([&] { return a.lines().size() == 2; }));
}

TEST_CASE("a wrong password is said without the password") {
  PrivateRedis redis({"--requirepass", "hunter2"});
  Replica a("unix://:hunter3@" + redis.options().unix_socket);
  REQUIRE(wait_until([&] { return !a.lines().empty(); }));
  CHECK(a.lines()[0].find("WRONGPASS") != std::string::npos);
  CHECK(a.lines()[0].find("hunter") == std::string::npos);
  CHECK(a->shared_stats()->problem.find("hunter") == std::string::npos);
  CHECK_FALSE(a->shared_stats()->up);
}

TEST_CASE("a URL that is none is refused, without the password") {
  SystemClock clock;
  SeededRandom random(1);
  try {
    make_redis_state_store(clock, random, {Secret("redis://u:hunter2@h:x"), Millis(50), {}, {}});
    FAIL("it was taken");
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()) == "the Redis URL has no valid host and port");
  }
}
