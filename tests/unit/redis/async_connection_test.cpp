#include "redis/async_connection.h"

#include <doctest/doctest.h>

#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "fakes/private_redis.h"
#include "fakes/wait_until.h"

using namespace responses_proxy;
using responses_proxy::testing::PrivateRedis;
using responses_proxy::testing::wait_until;

namespace {

constexpr Millis kBudget{300};  // a busy machine stays below it

// A connection on a loop of its own, used from the test's thread.
class Rig {
 public:
  explicit Rig(const RedisOptions& options, Millis budget = kBudget)
      : connection_(std::make_unique<AsyncConnection>(
            loops_.at(0), options, budget, random_,
            [this](const std::string& problem) { note(problem); })) {
    connection_->start();
    loops_.start();
  }
  ~Rig() { loops_.stop(); }

  // "(none)" = no answer.
  std::string ask(std::vector<std::string> words, Patience patience = Patience::budget) {
    std::promise<std::string> answer;
    loops_.at(0).post([&] {
      const std::vector<std::string_view> views(words.begin(), words.end());
      connection_->send(views, patience, [&](const redisReply* reply) {
        answer.set_value(reply == nullptr ? "(none)" : std::string(text_of(*reply)));
      });
    });
    return answer.get_future().get();
  }
  AsyncConnection& operator*() { return *connection_; }
  AsyncConnection* operator->() { return connection_.get(); }
  EventLoop& loop() { return loops_.at(0); }
  bool comes_up() {
    return wait_until([this] { return connection_->prompt(); });
  }
  std::vector<std::string> problems() {
    const std::scoped_lock lock(mutex_);
    return problems_;
  }
  // Waits for a problem that begins like that.
  bool tells(const std::string& problem) {
    return wait_until([&] {
      const auto all = problems();
      return !all.empty() && all.back().starts_with(problem);
    });
  }

 private:
  void note(const std::string& problem) {
    const std::scoped_lock lock(mutex_);
    problems_.push_back(problem);
  }

  SeededRandom random_{1};
  std::mutex mutex_;
  std::vector<std::string> problems_;
  EventLoops loops_{1};
  std::unique_ptr<AsyncConnection> connection_;
};

}  // namespace

TEST_CASE("commands are answered in their order, errors included") {
  PrivateRedis redis;
  Rig rig(redis.options(), Millis(10'000));
  REQUIRE(rig.comes_up());
  std::promise<std::vector<std::string>> all;
  std::vector<std::string> answers;
  rig.loop().post([&] {
    for (int i = 0; i < 1'000; ++i) {
      rig->send({"ECHO", std::to_string(i)}, Patience::budget, [&](const redisReply* reply) {
        answers.emplace_back(reply == nullptr ? "(none)" : text_of(*reply));
        if (answers.size() == 1'000) all.set_value(answers);
      });
    }
  });
  std::vector<std::string> expected;
  for (int i = 0; i < 1'000; ++i) expected.push_back(std::to_string(i));
  CHECK(all.get_future().get() == expected);
  CHECK(rig.ask({"NOSUCH"}).starts_with("ERR unknown command"));
  CHECK(rig.ask({"SET", "k", std::string("\0\r\n$1", 5)}) == "OK");
  CHECK(rig.ask({"GET", "k"}) == std::string("\0\r\n$1", 5));
  CHECK(rig.problems() == std::vector<std::string>{""});
}

TEST_CASE("over TCP, into a database of its own") {
  PrivateRedis redis;
  RedisOptions options;
  options.host = "localhost";
  options.port = redis.port();
  options.database = 3;
  Rig rig(options, Millis(10'000));
  REQUIRE(rig.comes_up());
  CHECK(rig.ask({"SET", "k", "v"}) == "OK");
  CHECK(redis.text({"GET", "k"}) == "");
  CHECK(redis.text({"INFO", "keyspace"}).find("db3:") != std::string::npos);
  // Whatever addresses the name has here, that some of them refuse is no outage.
  CHECK(rig.problems() == std::vector<std::string>{""});
}

TEST_CASE("a password, right and wrong") {
  PrivateRedis redis({"--requirepass", "hunter2"});
  RedisOptions options = redis.options();
  SUBCASE("right") {
    options.password = Secret("hunter2");
    Rig rig(options);
    CHECK(rig.comes_up());
  }
  SUBCASE("right, with its user") {
    redis.command({"ACL", "SETUSER", "app", "on", ">secret", "~rp:*", "+@all"});
    options.user = "app";
    options.password = Secret("secret");
    Rig rig(options);
    CHECK(rig.comes_up());
  }
  SUBCASE("wrong") {
    options.password = Secret("hunter3");
    Rig rig(options);
    CHECK(rig.tells("WRONGPASS"));
    CHECK_FALSE(rig->connected());
    for (const std::string& problem : rig.problems()) {
      CHECK(problem.find("hunter") == std::string::npos);
    }
    CHECK(rig.ask({"PING"}) == "(none)");
  }
  SUBCASE("none") {
    Rig rig(options);
    CHECK(rig.tells("NOAUTH"));
  }
}

TEST_CASE("a Redis that does not know AUTH is told of without the password") {
  PrivateRedis redis({"--rename-command", "AUTH", ""});
  RedisOptions options = redis.options();
  options.password = Secret("hunter2");
  Rig rig(options);
  CHECK(rig.tells("ERR unknown command 'AUTH'"));
  for (const std::string& problem : rig.problems()) {
    CHECK(problem.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a Redis that takes no writes is not there, until it does") {
  PrivateRedis redis;
  SUBCASE("from the start: a replica") {
    redis.command({"REPLICAOF", "127.0.0.1", "1"});
    Rig rig(redis.options());
    CHECK(rig.tells("READONLY"));
    CHECK_FALSE(rig->connected());
    redis.command({"REPLICAOF", "NO", "ONE"});
    CHECK(rig.comes_up());
  }
  SUBCASE("later: out of memory") {
    Rig rig(redis.options());
    REQUIRE(rig.comes_up());
    redis.command({"CONFIG", "SET", "maxmemory", "1"});
    CHECK(rig.ask({"SET", "k", "v"}).starts_with("OOM"));
    CHECK(rig.tells("OOM"));
    CHECK_FALSE(rig->connected());
    redis.command({"CONFIG", "SET", "maxmemory", "0"});
    CHECK(rig.comes_up());
  }
}

TEST_CASE("a Redis that hangs: the budget, then no more waiting, then back") {
  PrivateRedis redis;
  Rig rig(redis.options());
  REQUIRE(rig.comes_up());
  redis.pause();
  CHECK(rig.ask({"PING"}) == "(none)");
  CHECK_FALSE(rig->prompt());
  CHECK(rig->timeouts() == 1);
  CHECK(rig.problems() == std::vector<std::string>{"", "no answer within 300 ms"});
  // Given up, and tried again and again in vain.
  CHECK(rig.tells("no answer for 1200 ms"));
  CHECK(rig.tells("no connection in time"));
  CHECK_FALSE(rig->connected());
  redis.resume();
  CHECK(rig.comes_up());
  CHECK(rig.problems().back() == "");
}

TEST_CASE("an answer that was only late lets the connection live") {
  PrivateRedis redis;
  Rig rig(redis.options());
  REQUIRE(rig.comes_up());
  redis.pause();
  CHECK(rig.ask({"PING"}) == "(none)");
  redis.resume();
  CHECK(rig.comes_up());  // by its own probes: nobody else is asking
  CHECK(rig.problems() == std::vector<std::string>{"", "no answer within 300 ms", ""});
  CHECK(rig->timeouts() == 1);
}

TEST_CASE("a Redis that dies: what was asked ends, and it comes back by itself") {
  PrivateRedis redis;
  Rig rig(redis.options(), Millis(60'000));
  REQUIRE(rig.comes_up());
  redis.pause();
  std::promise<void> ended;
  std::promise<void> sent;
  rig.loop().post([&] {
    rig->send({"PING"}, Patience::connection, [&](const redisReply* reply) {
      CHECK(reply == nullptr);
      ended.set_value();
    });
    sent.set_value();
  });
  sent.get_future().wait();
  redis.stop();
  ended.get_future().wait();
  CHECK(wait_until([&] { return !rig->connected(); }));
  CHECK(rig.ask({"PING"}) == "(none)");
  redis.start();
  CHECK(rig.comes_up());
  CHECK(rig.ask({"PING"}) == "PONG");
}

TEST_CASE("the number of commands that wait is bounded") {
  PrivateRedis redis;
  Rig rig(redis.options(), Millis(60'000));
  REQUIRE(rig.comes_up());
  redis.pause();
  std::promise<std::size_t> refused;
  rig.loop().post([&] {
    std::size_t count = 0;
    for (std::size_t i = 0; i < AsyncConnection::kMaxWaiting + 10; ++i) {
      rig->send({"PING"}, Patience::connection, [&count](const redisReply*) { ++count; });
    }
    refused.set_value(count);
  });
  CHECK(refused.get_future().get() == 10);
}

TEST_CASE("so is the number of bytes, and what did not fit is refused at once") {
  PrivateRedis redis;
  Rig rig(redis.options(), Millis(60'000));
  REQUIRE(rig.comes_up());
  redis.pause();
  const std::string megabyte(1U << 20, 'x');
  std::promise<std::size_t> refused;
  rig.loop().post([&] {
    // Nothing leaves before this turn of the loop is over; one may begin below the bound.
    std::size_t count = 0;
    for (std::size_t i = 0; i < 30; ++i) {
      rig->send({"ECHO", megabyte}, Patience::connection,
                [&count](const redisReply* reply) { count += reply == nullptr ? 1U : 0U; });
    }
    refused.set_value(count);
  });
  CHECK(refused.get_future().get() == 30 - AsyncConnection::kMaxQueuedBytes / megabyte.size());
}
