#include "config/store_urls.h"

#include <doctest/doctest.h>

using namespace responses_proxy::config;

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
