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

TEST_CASE("a value in pieces is joined where it stands") {
  std::string text = R"({"a":1,"b":2,"b":3,"c":4})";
  const auto members = read_members(text);
  REQUIRE(members);
  JsonEdit edit(*members);
  edit.put("b", JsonPieces{"[", "5", ",6", "]"});
  edit.put("d", JsonPieces{"\"", "\""});
  CHECK(edit.joined() == R"({"a":1,"b":[5,6],"c":4,"d":""})");
  edit.put("b", "7");
  edit.drop("d");
  CHECK(edit.joined() == R"({"a":1,"b":7,"c":4})");
  std::string empty = "{}";
  JsonEdit none(*read_members(empty));
  none.put("a", JsonPieces{"1"});
  CHECK(none.joined() == R"({"a":1})");
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
