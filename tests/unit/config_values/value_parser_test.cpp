#include "config_values/value_parser.h"

#include <doctest/doctest.h>

using namespace responses_proxy::config;

TEST_CASE("trim and split_list") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim("\r\n").empty());
  const auto items = split_list(" a, ,b,");
  REQUIRE(items.size() == 4);
  CHECK(items[0] == "a");
  CHECK(items[1].empty());
  CHECK(items[2] == "b");
  CHECK(items[3].empty());
}

TEST_CASE("booleans in any case, nothing else") {
  for (const char* word : {"true", "TRUE", "1", "Yes", "on"}) {
    CAPTURE(word);
    CHECK(parse_boolean(word) == true);
  }
  for (const char* word : {"false", "False", "0", "no", "OFF"}) {
    CAPTURE(word);
    CHECK(parse_boolean(word) == false);
  }
  for (const char* word : {"", "2", "y", "truee", "enabled"}) {
    CAPTURE(word);
    CHECK_FALSE(parse_boolean(word).has_value());
  }
}

TEST_CASE("integers are read whole or not at all") {
  CHECK(parse_integer("0") == 0);
  CHECK(parse_integer("-5") == -5);
  CHECK(parse_integer("9223372036854775807") == INT64_MAX);
  for (const char* text :
       {"", "+1", "1.0", "1e3", "0x10", "1_000", " 1", "9223372036854775808", "12abc"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_integer(text).has_value());
  }
}

TEST_CASE("decimals are finite and plain") {
  CHECK(parse_decimal("0.5") == 0.5);
  CHECK(parse_decimal("600.0") == 600.0);
  CHECK(parse_decimal("-2") == -2.0);
  for (const char* text : {"", ".", "-", "inf", "nan", "infinity", "1e3", "1,5", "0x1", "1.2.3"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text).has_value());
  }
}

TEST_CASE("seconds keep their milliseconds and never round to off") {
  CHECK(parse_seconds("600.0") == 600'000);
  CHECK(parse_seconds("0.0015") == 2);
  CHECK(parse_seconds("0.0001") == 1);
  CHECK(parse_seconds("0") == 0);
  CHECK_FALSE(parse_seconds("99999999999999999999").has_value());
  for (const std::int64_t millis : {0, 1, 50, 1500, 600'000}) {
    CAPTURE(millis);
    CHECK(parse_seconds(format_seconds(millis)) == millis);
  }
  CHECK(format_seconds(600'000) == "600");
  CHECK(format_seconds(50) == "0.05");
}

TEST_CASE("identifiers fit in a header, a log line and a key") {
  CHECK(is_identifier("openai-default"));
  CHECK(is_identifier("a.b_c:d/e-9"));
  CHECK(is_identifier(std::string(128, 'a')));
  CHECK_FALSE(is_identifier(std::string(129, 'a')));
  for (const char* text : {"", "a b", "a\r\nX: y", "a,b", "p\xc3\xb6ol", "a\"b"}) {
    CAPTURE(text);
    CHECK_FALSE(is_identifier(text));
  }
}

TEST_CASE("names that a path can have") {
  for (const char* name : {"a", "a/b", "...", "a/.b", "a..b"}) CHECK(is_in_paths(name));
  for (const char* name : {"", ".", "..", "../a", "a/..", "a/./b", "/a", "a/", "a//b"}) {
    CAPTURE(name);
    CHECK_FALSE(is_in_paths(name));
  }
}

TEST_CASE("tokens cannot break a header or a list") {
  CHECK(is_token("sk-proj_A.b/c+d=="));
  for (const char* text : {"", "a b", "a\nb", "a,b", "caf\xc3\xa9", "a\x7f"}) {
    CAPTURE(text);
    CHECK_FALSE(is_token(text));
  }
  CHECK_FALSE(is_token(std::string(kMaxTextLength + 1, 'a')));
}

TEST_CASE("hosts are addresses or names") {
  for (const char* host : {"0.0.0.0", "127.0.0.1", "::", "::1", "fe80::1", "localhost",
                           "api.openai.com", "my_service", "10gen.example"}) {
    CAPTURE(host);
    CHECK(is_host(host));
  }
  for (const char* host : {"", "127.0.0.256", "1.2.3", "a..b", "-a", "a-", "[::1]", "a b",
                           "host:80", "http://a", "a/b"}) {
    CAPTURE(host);
    CHECK_FALSE(is_host(host));
  }
  CHECK_FALSE(is_host(std::string_view("127.0.0.1\0x", 11)));
}

TEST_CASE("loopback") {
  for (const char* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"}) {
    CAPTURE(host);
    CHECK(is_loopback(host));
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "127.example.com", "example.com"}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback(host));
  }
}

TEST_CASE("host and port") {
  const auto v4 = parse_host_port("127.0.0.1:9000");
  REQUIRE(v4);
  CHECK(v4->host == "127.0.0.1");
  CHECK(v4->port == 9000);
  const auto v6 = parse_host_port("[::1]:0");
  REQUIRE(v6);
  CHECK(v6->host == "::1");
  CHECK(v6->port == 0);
  for (const char* text :
       {"", "9000", ":9000", "a:", "a:x", "a:65536", "a:-1", "::1:9000", "[a]:1", "[::1]"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_host_port(text).has_value());
  }
}
