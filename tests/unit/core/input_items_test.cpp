#include "core/input_items.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace responses_proxy {

namespace {

std::string with(std::string request, const JsonPieces& history) {
  const auto members = read_members(request);
  REQUIRE(members);
  JsonEdit edit(*members);
  put_history(edit, *members, history);
  return edit.joined();
}

}  // namespace

TEST_CASE("input is a list of items, or a text that stands for one") {
  CHECK(input_items(R"([ {"a":1}, {"b":2} ])") == R"({"a":1}, {"b":2})");
  CHECK(input_items("[]").empty());
  CHECK(input_items("[ ]").empty());
  CHECK(input_items("").empty());
  CHECK(input_items("null").empty());
  CHECK(input_items(R"("say \"hi\"")") ==
        R"({"type":"message","role":"user","content":"say \"hi\""})");
}

TEST_CASE("the items of a list, each as it stands") {
  std::vector<std::string> items;
  CHECK(split_items(R"([ {"n":1e400 ,"t":"]"}, {"a":[{}]}])", items));
  CHECK(items == std::vector<std::string>{R"({"n":1e400 ,"t":"]"})", R"({"a":[{}]})"});
  CHECK_FALSE(split_items("[1]", items));
  CHECK_FALSE(split_items("{}", items));
  CHECK_FALSE(split_items("[{}", items));
}

TEST_CASE("lists join with a comma only between items") {
  std::string items;
  append_items(items, "");
  CHECK(items.empty());
  append_items(items, "1");
  append_items(items, "");
  append_items(items, "2,3");
  CHECK(items == "1,2,3");
}

TEST_CASE("a history stands before the request's own items, in the place of what it continues") {
  CHECK(with(R"({"previous_response_id":"r","input":[3],"n":1e400})", {"1,2"}) ==
        R"({"input":[1,2,3],"n":1e400})");
  CHECK(with(R"({"previous_response_id":"r"})", {"1"}) == R"({"input":[1]})");
  CHECK(with(R"({"input":[]})", {""}) == R"({"input":[]})");
  CHECK(with(R"({"input":"x"})", {"1", "", "2,3"}) ==
        R"({"input":[1,2,3,{"type":"message","role":"user","content":"x"}]})");
}

}  // namespace responses_proxy
