#include "core/json_edit.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

TEST_CASE("members are dropped, replaced in their place or added; all others stay as they are") {
  std::string text = R"({"a" : 1,"b":[ 2 ],"\u0063":3})";
  const auto members = read_members(text);
  REQUIRE(members);
  JsonEdit edit(*members);
  edit.drop("a");
  edit.put("c", "4");
  edit.put("d", R"("x")");
  CHECK(edit.joined() == R"({"b":[ 2 ],"c":4,"d":"x"})");
  std::string into;
  const JsonMembers after = edit.rejoined(into);
  CHECK(into == R"({"b":[ 2 ],"c":4,"d":"x"})");
  REQUIRE(after.size() == 3);
  for (const JsonMember& one : after) {
    CHECK(one.value.data() >= into.data());
    CHECK(one.value.data() + one.value.size() <= into.data() + into.size());
  }
  CHECK(member(after, "b") == "[ 2 ]");
  CHECK(member(after, "d") == R"("x")");
}

TEST_CASE("another value takes the place of the one that counts; every other byte stays") {
  const auto with = [](std::string text, std::string_view value) {
    const auto members = read_members(text);
    REQUIRE(members);
    return with_value(text, *members, "m", value);
  };
  CHECK(with(R"( { "m" : 1 , "n":2 } )", "3") == R"( { "m" : 3 , "n":2 } )");
  CHECK(with(R"({"m":1,"m":2})", "3") == R"({"m":1,"m":3})");
  CHECK(with(R"({"n":2} )", "3") == R"({"n":2,"m":3} )");
  CHECK(with("{}", "3") == R"({"m":3})");
}

}  // namespace responses_proxy
