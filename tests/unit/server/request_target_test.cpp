#include "server/request_target.h"

#include <doctest/doctest.h>

namespace responses_proxy {

TEST_CASE("targets that say where they go") {
  struct {
    const char* target;
    const char* path;
    const char* query;
    const char* authority;
  } const rows[] = {
      {"/", "/", "", ""},
      {"/v1/responses", "/v1/responses", "", ""},
      {"/a?b=c?d", "/a", "b=c?d", ""},
      {"/?", "/", "", ""},
      {"/a?../%zz", "/a", "../%zz", ""},  // the query is nobody's path
      {"/p://x/admin/state", "/p://x/admin/state", "", ""},
      {"//x/admin/state", "//x/admin/state", "", ""},
      {"/http://x/admin", "/http://x/admin", "", ""},
      {"http://h/a?b", "/a", "b", "h"},
      {"HTTPS://h:8000/a", "/a", "", "h:8000"},
      {"http://h", "/", "", "h"},
      {"http://h?b", "/", "b", "h"},
      {"http://[::1]:80/a", "/a", "", "[::1]:80"},
      {"/a;b=c", "/a;b=c", "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.target);
    const auto target = parse_request_target("GET", row.target);
    REQUIRE(target);
    CHECK(target->path == row.path);
    CHECK(target->query == row.query);
    CHECK(target->authority == row.authority);
  }
  CHECK(parse_request_target("OPTIONS", "*")->path == "*");
}

TEST_CASE("targets that do not") {
  for (const char* target : {"x",
                             "?a",
                             "*",
                             "admin/state",
                             "",
                             "h:80",
                             "http:/x",
                             "http://",
                             "http:///a",
                             "http://u@h/",
                             "http://a b/",
                             "ftp://h/a",
                             "p://x/admin/state",
                             "https//h",
                             "/a#b",
                             "http://h/#",
                             "/a b",
                             "/\xc3\xa4",
                             "/a\x7f",
                             "*/",
                             "http://h\\@x/"}) {
    CAPTURE(target);
    const auto refused = parse_request_target("GET", target);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().status == 400);
    CHECK(refused.error().code == "malformed_request");
  }
  CHECK_FALSE(parse_request_target("CONNECT", "h:443"));
}

TEST_CASE("paths are looked at whatever stands around them") {
  for (const char* target : {"/v1/responses/../files?x", "http://h/v1/responses/%2e%2e/files",
                             "https://h/%2F", "/..?a", "/a\\b", "/%00"}) {
    for (const char* method : {"GET", "POST", "OPTIONS", "FROBNICATE"}) {
      CAPTURE(target);
      const auto refused = parse_request_target(method, target);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().status == 400);
      CHECK(refused.error().code == "invalid_path");
    }
  }
}

}  // namespace responses_proxy
