#include <doctest/doctest.h>

#include "responses_proxy/request.h"

namespace responses_proxy {

TEST_CASE("names compare without case, in ASCII only") {
  CHECK(equals_ignore_case("Content-TYPE", "content-type"));
  CHECK(equals_ignore_case("", ""));
  CHECK_FALSE(equals_ignore_case("a", "ab"));
  CHECK_FALSE(equals_ignore_case("a-b", "a_b"));
  CHECK_FALSE(equals_ignore_case("@[", "`{"));  // 0x20 apart, but no letters
  CHECK_FALSE(equals_ignore_case("\xc4", "\xe4"));
}

TEST_CASE("fields keep their order and their duplicates") {
  Headers headers = {{"A", "1"}, {"b", "2"}};
  headers.add("a", "3");
  CHECK(headers.size() == 3);
  CHECK(headers.begin()->name == "A");
  CHECK(headers.find("a") == std::optional<std::string_view>("1"));  // the first
  CHECK(headers.get("B") == "2");
  CHECK(headers.get("c").empty());
  CHECK(headers.find("c") == std::nullopt);
}

TEST_CASE("a field may be empty and still be there") {
  const Headers headers = {{"x-empty", ""}};
  REQUIRE(headers.find("X-Empty"));
  CHECK(headers.find("X-Empty")->empty());
}

TEST_CASE("set replaces every field of that name, erase removes them all") {
  Headers headers = {{"A", "1"}, {"b", "2"}, {"a", "3"}};
  headers.set("a", "4");
  CHECK(headers.size() == 2);
  CHECK(headers.get("A") == "4");
  headers.set("new", "5");
  CHECK(headers.size() == 3);
  headers.erase("A");
  headers.erase("not there");
  CHECK(headers.size() == 2);
  CHECK_FALSE(headers.find("a"));
  headers.erase("b");
  headers.erase("new");
  CHECK(headers.empty());
}

TEST_CASE("fields of one name are one list") {
  const Headers headers = {{"A", "1"}, {"b", "2"}, {"a", ""}, {"a", "3, 4"}};
  CHECK(headers.list("a") == "1, 3, 4");
  CHECK(headers.list("B") == "2");
  CHECK(headers.list("c").empty());
}

}  // namespace responses_proxy
