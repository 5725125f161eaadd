#include "core/json_members.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

TEST_CASE("members keep the text they have, in order") {
  std::string text = R"( {"a" : [1, {"b":2} ] , "c":"x\"y", "d\n":null,"e":-1e3 ,"f":{}} )";
  const auto members = read_members(text);
  REQUIRE(members);
  REQUIRE(members->size() == 5);
  CHECK(members->at(0).key == "a");
  CHECK(members->at(0).value == R"([1, {"b":2} ])");
  CHECK(members->at(1).value == R"("x\"y")");
  CHECK(members->at(2).key == "d\\n");
  CHECK(members->at(2).value == "null");
  CHECK(members->at(3).value == "-1e3");
  CHECK(members->at(4).value == "{}");
}

TEST_CASE("what simdjson's numbers cannot hold passes as text") {
  std::string text = R"({"big":123456789012345678901234567890,"huge":1e999})";
  const auto members = read_members(text);
  REQUIRE(members);
  CHECK(member(*members, "big") == "123456789012345678901234567890");
  CHECK(member(*members, "huge") == "1e999");
}

TEST_CASE("anything but one object has no members") {
  for (std::string text : {"", "[]", "1", "\"x\"", "{", R"({"a":1)", R"({"a" 1})", R"({"a":1} {})",
                           "nul", R"({"a":1}x)"}) {
    CAPTURE(text);
    CHECK_FALSE(read_members(text));
  }
}

TEST_CASE("an empty object has none either, but it is one") {
  std::string text = "{}";
  const auto members = read_members(text);
  REQUIRE(members);
  CHECK(members->empty());
}

TEST_CASE("of a key that stands twice the last one counts") {
  std::string text = R"({"a":1,"a":2})";
  CHECK(member(*read_members(text), "a") == "2");
  CHECK(member(*read_members(text), "b").empty());
}

TEST_CASE("a plain string has no escapes") {
  CHECK(plain_string(R"("resp_1")") == "resp_1");
  CHECK(plain_string(R"("a\nb")").empty());
  CHECK(plain_string("12").empty());
  CHECK(plain_string("").empty());
  CHECK(plain_string("\"").empty());
}

}  // namespace responses_proxy
