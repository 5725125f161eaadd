#include "config/url.h"

#include <doctest/doctest.h>

using namespace responses_proxy::config;

TEST_CASE("base URLs") {
  for (const char* url : {"https://api.openai.com/v1", "HTTP://127.0.0.1:8080", "http://[::1]:9/x",
                          "http://[::1]", "https://gateway/"}) {
    CAPTURE(url);
    CHECK(base_url_problem(url) == "");
  }
  for (const char* url :
       {"", "api.openai.com/v1", "ftp://a/v1", "https://", "https:///v1", "https://user:pw@a/v1",
        "https://a/v1?key=x", "https://a/v1#x", "https://a b/v1", "https://a:0/v1",
        "https://a:99999/v1", "https://a:/v1", "https://a/\"", "https://a/caf\xc3\xa9"}) {
    CAPTURE(url);
    CHECK(base_url_problem(url) != "");
  }
}

TEST_CASE("database URLs") {
  CHECK(database_url_problem("sqlite:///./data/proxy.sqlite3") == "");
  CHECK(database_url_problem("sqlite:////var/lib/proxy.sqlite3") == "");
  for (const char* url :
       {"postgres://u:p@h/d", "postgresql://u:p@h/d?sslmode=require",
        "postgresql+asyncpg://u:p@h/d", "postgresql+psycopg2://u:p@h/d",
        "postgresql:///d?host=/run/postgresql", "sqlite+aiosqlite:///d.db", "SQLite:////d.db"}) {
    CAPTURE(url);
    CHECK(database_url_problem(url) == "");
  }
  for (const char* url : {"", "mysql://h/d", "sqlite://", "sqlite:///", "sqlite://host/d",
                          "sqlite:///data/", "sqlite:///:memory:", "data/proxy.sqlite3",
                          "sqlite:///d.db?mode=ro", "sqlitex:///d.db", "postgres://h/d?mode=ro",
                          "postgres://u:p@h:port/d", "postgresql+://h/d", "postgres://u:p@q@h/d"}) {
    CAPTURE(url);
    CHECK(database_url_problem(url) != "");
  }
}

TEST_CASE("Redis URLs") {
  for (const char* url : {"redis://127.0.0.1:6379/0", "redis://:secret@cache.example/1",
                          "redis://user:p@ss@h", "unix:///run/redis.sock"}) {
    CAPTURE(url);
    CHECK(redis_url_problem(url) == "");
  }
  for (const char* url : {"", "127.0.0.1:6379", "http://h", "redis://", "redis://h:x/0",
                          "redis://127.0.0.256", "unix://relative"}) {
    CAPTURE(url);
    CHECK(redis_url_problem(url) != "");
  }
}

TEST_CASE("masked URLs keep what helps and hide the rest") {
  CHECK(mask_url("sqlite:///./data/proxy.sqlite3") == "sqlite:///./data/proxy.sqlite3");
  CHECK(mask_url("postgresql://app:hunter2@db:5432/p?sslmode=require") ==
        "postgresql://app:***@db:5432/p?sslmode=require");
  CHECK(mask_url("redis://:hunter2@h/0") == "redis://:***@h/0");
  CHECK(mask_url("https://hunter2@h/v1") == "https://***@h/v1");
  CHECK(mask_url("postgres://h/d?user=a&password=hunter2&sslmode=on") ==
        "postgres://h/d?user=a&password=***&sslmode=on");
  CHECK(mask_url("https://h/v1?api-key=hunter2") == "https://h/v1?api-key=***");
  CHECK(mask_url("https://h/v1#hunter2") == "https://h/v1#***");
  CHECK(mask_url("hunter2") == "...");
  CHECK(mask_url("") == "");
}

TEST_CASE("a password that should have been percent-encoded is hidden too") {
  for (const char* url : {"postgres://u:hunter2/x@h/d", "postgres://u:hunter2?x@h/d",
                          "postgres://u:hunter2#x@h/d", "postgres://u:x@hunter2@h/d"}) {
    CAPTURE(url);
    CHECK(mask_url(url) == "postgres://u:***@h/d");
  }
}
