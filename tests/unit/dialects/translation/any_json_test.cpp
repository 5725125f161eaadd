#include "dialects/translation/any_json.h"

#include <doctest/doctest.h>

#include <string>

using namespace responses_proxy;

namespace {

// What is read, written again.
std::string again(std::string_view text) {
  AnyJson json;
  return json.read(text) ? json.text_of(json.root()) : "refused";
}

}  // namespace

TEST_CASE("any JSON: numbers of any size stay what they are") {
  for (const std::string_view text : {
           R"({"n":123456789012345678901234567890})",
           R"({"n":-123456789012345678901234567890,"m":[1e400,1E-400,0.1e+2,-0.5]})",
           R"({"n":1.5e999,"s":"1e400","m":1})",
           R"({"k\"1e400":[12345678901234567890123,"\\"],"e":"\" 1e400"})",
       }) {
    CHECK(again(text) == text);
  }
  CHECK(again(R"({"n":1e400,"x":"\u0001e","\u00011":1,"s":"\"\u00012"})") ==
        R"({"n":1e400,"x":"\u0001e","\u00011":1,"s":"\"\u00012"})");
}

TEST_CASE("any JSON: what is broken is refused") {
  for (const std::string_view text :
       {"", "{", R"({"n":01e400})", R"({"n":1e})", R"({"n":123456789012345678901234567890.})",
        R"({"n":-})", R"({"n":1e400)", R"({"n":"1e400)", R"({"n":1e400}})", R"({1e400:1})"}) {
    CAPTURE(text);
    CHECK(again(text) == "refused");
    CHECK(object_text(text).empty());
  }
}

TEST_CASE("any JSON: an object is one, whatever it holds") {
  CHECK(object_text(R"({ "n": 1 })") == R"({"n":1})");
  CHECK(object_text(R"({ "n": 1e400 })") == R"({"n":1e400})");
  for (const std::string_view text : {"[1]", "[1e400]", "7", "null"}) {
    CHECK(object_text(text).empty());
  }
  const std::string deep =
      R"( {"a":)" + std::string(2000, '[') + "1e400" + std::string(2000, ']') + "}";
  CHECK(object_text(deep) == deep);
  CHECK(object_text(deep.substr(0, deep.size() - 2)).empty());
  CHECK(object_text(std::string(2000, '[') + std::string(2000, ']')).empty());
}
