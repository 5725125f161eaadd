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
  CHECK(members->at(0).text == R"("a" : [1, {"b":2} ])");
  CHECK(members->at(2).key == "d\n");
  CHECK(members->at(2).text == R"("d\n":null)");
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

TEST_CASE("an object has a bounded number of members") {
  std::string text = "{";
  for (std::size_t i = 0; i < kMaxMembers; ++i) text += R"("a":1,)";
  std::string too_many = text + R"("b":2})";
  text.back() = '}';
  CHECK(read_members(text)->size() == kMaxMembers);
  CHECK_FALSE(read_members(too_many));
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

TEST_CASE("a key is the same key however it is spelled") {
  std::string text = R"({"stre\u0061m":1,"\u0074yp\u0065":"x","\"q\"":2,"\ud800":3})";
  const auto members = read_members(text);
  REQUIRE(members);
  CHECK(member(*members, "stream") == "1");
  CHECK(member(*members, "type") == R"("x")");
  CHECK(member(*members, "\"q\"") == "2");
  CHECK(members->at(3).key == "\\ud800");  // half a surrogate pair: stays as it is written
}

TEST_CASE("members are joined as they stand") {
  std::string text = R"({ "a" : 1 ,"b":[ 2 ], "c":"x" })";
  auto members = read_members(text);
  REQUIRE(members);
  CHECK(join_members(*members) == R"({"a" : 1,"b":[ 2 ],"c":"x"})");
  members->erase(members->begin());
  CHECK(join_members(*members) == R"({"b":[ 2 ],"c":"x"})");
  CHECK(join_members({}) == "{}");
}

TEST_CASE("of members that stand twice only those that count are left, where they stand") {
  std::string text = R"({"a":1,"b":2,"\u0061":3,"c":4,"b":5})";
  auto members = read_members(text);
  REQUIRE(members);
  CHECK(drop_overridden(*members));
  CHECK(join_members(*members) == R"({"\u0061":3,"c":4,"b":5})");
  CHECK_FALSE(drop_overridden(*members));
}

TEST_CASE("the content of a string is unescaped") {
  CHECK(string_content(R"("resp_1")") == "resp_1");
  CHECK(string_content(R"("a\n\u0062")") == "a\nb");
  CHECK(string_content(R"("\ud800")").empty());
  CHECK(string_content("12").empty());
  CHECK(string_content("null").empty());
  CHECK(string_content("").empty());
  CHECK(string_content("\"").empty());
}

}  // namespace responses_proxy
