#include "redis/redis_url.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

namespace {

RedisOptions parsed(std::string_view url) {
  RedisOptions options;
  CHECK(parse_redis_url(url, options) == "");
  return options;
}

std::string problem(std::string_view url) {
  RedisOptions options;
  return parse_redis_url(url, options);
}

}  // namespace

TEST_CASE("host, port and database") {
  RedisOptions options = parsed("redis://cache.example");
  CHECK(options.host == "cache.example");
  CHECK(options.port == 6379);
  CHECK(options.database == 0);
  CHECK(options.user == "");
  CHECK(options.password.empty());
  CHECK_FALSE(options.tls);
  options = parsed("REDIS://127.0.0.1:6380/3");
  CHECK(options.address() == "127.0.0.1:6380/3");
  options = parsed("redis://[::1]:7000/?db=12");
  CHECK(options.host == "::1");
  CHECK(options.address() == "[::1]:7000/12");
  CHECK(parsed("redis://[::1]").port == 6379);
}

TEST_CASE("user and password are percent-decoded") {
  RedisOptions options = parsed("redis://app%40x:p%3Aw%2F%25@h/1");
  CHECK(options.user == "app@x");
  CHECK(options.password.reveal() == "p:w/%");
  CHECK(parsed("redis://:hunter2@h").password.reveal() == "hunter2");
  CHECK(parsed("redis://hunter2@h").password.reveal() == "hunter2");
  CHECK(parsed("redis://user:p@ss/w@h:1").password.reveal() == "p@ss/w");
  CHECK(parsed("redis://user:p@ss/w@h:1").host == "h");
}

TEST_CASE("sockets") {
  RedisOptions options = parsed("unix:///run/redis/a@b%20c.sock?db=2");
  CHECK(options.unix_socket == "/run/redis/a@b c.sock");
  CHECK(options.host == "");
  CHECK(options.database == 2);
  options = parsed("redis+unix://app:hunter2@/run/redis.sock");
  CHECK(options.unix_socket == "/run/redis.sock");
  CHECK(options.user == "app");
  CHECK(options.password.reveal() == "hunter2");
  CHECK(parsed("redis+socket:///s").unix_socket == "/s");
  CHECK(problem("unix:///" + std::string(107, 'x')) != "");
}

TEST_CASE("what is not understood is refused, without a word of the password") {
  for (const std::string url : {"",
                                "h",
                                "http://h",
                                "redis://",
                                "redis://:hunter2@",
                                "redis://h:x",
                                "redis://h:0",
                                "redis://h:70000",
                                "redis://h:",
                                "redis://::1",
                                "redis://[::1",
                                "redis://[::1]x",
                                "redis://h/x",
                                "redis://h/-1",
                                "redis://h?password=hunter2",
                                "redis://h?db=hunter2",
                                "redis://u:hunter2%2@h",
                                "redis://u:hunter2%zz@h",
                                "redis://u:@h",
                                "redis://a b",
                                "unix://relative",
                                "unix://",
                                "unix:///",
                                "unix:///%00x",
                                "unix://:hunter2@relative"}) {
    CAPTURE(url);
    CHECK(problem(url) != "");
    CHECK(problem(url).find("hunter2") == std::string::npos);
  }
}

TEST_CASE("TLS where hiredis has it") {
  RedisOptions options;
  const std::string problem = parse_redis_url("rediss://:secret@cache.example/1", options);
  CHECK(problem == (redis_has_tls() ? "" : "asks for TLS, which this build's hiredis lacks"));
  CHECK(options.tls);
}
