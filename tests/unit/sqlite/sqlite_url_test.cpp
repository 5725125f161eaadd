#include "sqlite/sqlite_url.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

TEST_CASE("the file of a SQLite URL") {
  for (const auto& [url, expected] : {std::pair("sqlite:///plain.db", "plain.db"),
                                      std::pair("sqlite:///./data/proxy.db", "./data/proxy.db"),
                                      std::pair("sqlite:////var/lib/x.db", "/var/lib/x.db"),
                                      std::pair("sqlite+pysqlite:///a b.db", "a b.db"),
                                      std::pair("SQLITE+aiosqlite:////x", "/x")}) {
    std::string path;
    CHECK(parse_sqlite_url(url, path) == "");
    CHECK(path == expected);
  }
}

TEST_CASE("what is wrong with a SQLite URL, without what follows its scheme") {
  for (const auto& [url, expected] :
       {std::pair("", "must start with sqlite:/// or postgresql://"),
        std::pair("data/proxy.db", "must start with sqlite:/// or postgresql://"),
        std::pair("mysql://u:hunter2@h/d",
                  "must start with sqlite:/// or postgresql://, not with mysql://"),
        std::pair("sqlite://host/d", "has a host: SQLite paths follow three slashes"),
        std::pair("sqlite:///", "names no file"), std::pair("sqlite:///data/", "names no file"),
        std::pair("sqlite:///:memory:",
                  "names no file, and every connection would have data of its own"),
        std::pair("sqlite:///d.db?mode=ro",
                  "has parameters, and SQLite takes none here: it ends before the ?")}) {
    std::string path = "as it was";
    CHECK(parse_sqlite_url(url, path) == expected);
    CHECK(path == "as it was");
  }
}
