#include "redis/blocking_connection.h"

#include <doctest/doctest.h>

#include <string>

#include "fakes/private_redis.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE("commands, pipelines and errors of the blocking connection") {
  PrivateRedis redis;
  RedisOptions options = redis.options();
  SUBCASE("over the socket") {}
  SUBCASE("over TCP") {
    options.unix_socket.clear();
    options.host = "127.0.0.1";
    options.port = redis.port();
  }
  BlockingConnection connection(options);
  const std::string bytes("a\0b\r\n", 5);
  CHECK(text_of(*connection.command({"SET", "key", bytes})) == "OK");
  for (int i = 0; i < 3; ++i) connection.append({"INCR", "n"});
  connection.append({"INCR", "key"});
  connection.append({"GET", "key"});
  for (int i = 1; i <= 3; ++i) CHECK(connection.read()->integer == i);
  CHECK(is_error(*connection.read()));
  CHECK(text_of(*connection.read()) == bytes);
  try {
    connection.command({"INCR", "key"});
    FAIL("no error");
  } catch (const RedisRefusal& refusal) {
    CHECK(refusal.is("ERR"));
    CHECK_FALSE(refusal.is("NOGROUP"));
  }
  CHECK(connection.command({"PING"}));  // goes on
}

TEST_CASE("the blocking connection logs in and selects its database") {
  PrivateRedis redis;
  redis.command({"ACL", "SETUSER", "proxy", "on", ">secret-of-proxy", "~*", "+@all"});
  RedisOptions options = redis.options();
  options.user = "proxy";
  options.password = Secret("secret-of-proxy");
  options.database = 3;
  BlockingConnection(options).command({"SET", "key", "three"});
  CHECK(redis.text({"GET", "key"}).empty());
  options.database = 99;
  CHECK_THROWS_AS(BlockingConnection{options}, RedisRefusal);
  options.password = Secret("wrong-for-proxy");
  try {
    BlockingConnection connection(options);
    FAIL("logged in");
  } catch (const RedisRefusal& refusal) {
    CHECK(refusal.is("WRONGPASS"));
    CHECK(std::string(refusal.what()).find("wrong-for-proxy") == std::string::npos);
  }
}

TEST_CASE("a Redis that does not know AUTH is told of without the password") {
  PrivateRedis redis({"--rename-command", "AUTH", ""});
  RedisOptions options = redis.options();
  options.password = Secret("hunter2");
  CHECK_THROWS_WITH_AS(BlockingConnection{options}, "ERR unknown command 'AUTH'", RedisRefusal);
}

TEST_CASE("every address of a name is tried before the name has failed") {
  PrivateRedis redis;
  RedisOptions options;
  options.host = "cache.example";
  options.port = redis.port();
  const auto connect = [&](std::vector<std::string> addresses) {
    return BlockingConnection(options, {}, [&](const std::string& host) {
      CHECK(host == "cache.example");
      return addresses;
    });
  };
  // On 127.0.0.1 alone: the others refuse.
  CHECK(connect({"127.0.0.2", "::1", "127.0.0.1"}).command({"PING"}));
  CHECK_THROWS_WITH_AS(connect({"127.0.0.2", "127.0.0.3"}),
                       "127.0.0.2: Connection refused, 127.0.0.3: Connection refused", RedisError);
}

TEST_CASE("a name that is none is an error that says so") {
  CHECK_FALSE(BlockingConnection::system_addresses("localhost").empty());
  CHECK_THROWS_AS(BlockingConnection::system_addresses("no.such.host.invalid"), RedisError);
}

TEST_CASE("a Redis that is silent, gone or not there is an error, and no signal") {
  PrivateRedis redis;
  BlockingConnection connection(redis.options(), {Millis(1'000), Millis(20)});
  SUBCASE("silent") {
    redis.pause();
    CHECK_THROWS_WITH_AS(connection.command({"PING"}), "it does not answer in time", RedisError);
    redis.resume();
  }
  SUBCASE("gone") {
    redis.stop();
    for (int i = 0; i < 3; ++i) CHECK_THROWS_AS(connection.command({"PING"}), RedisError);
    CHECK_THROWS_AS(BlockingConnection(redis.options()), RedisError);
  }
}
