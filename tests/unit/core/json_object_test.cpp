#include "core/json_object.h"

#include <doctest/doctest.h>

#include <string>

namespace responses_proxy {

TEST_CASE("only a JSON object is one, and none that is nested without end") {
  CHECK(parse_json_object(R"({"a":[1,"\u00e9"]})") == Json{{"a", {1, "\xC3\xA9"}}});
  for (const char* text : {"", "[]", "1", "null", "{", "{\"a\":\"\xFF\"}", "{} {}", "{\"a\":01}"}) {
    CHECK_MESSAGE(!parse_json_object(text), text);
  }
  const std::string deep(100'000, '[');
  CHECK(!parse_json_object("{\"a\":" + deep + std::string(100'000, ']') + "}"));
}

TEST_CASE("a fault in JSON is told by its place, and nothing of the text") {
  const std::string stops = "is no JSON object: it stops being JSON at ";
  const struct {
    const char* text;
    std::string problem;
  } cases[] = {
      {"[]", "is no JSON object"},
      {"", stops + "line 1, column 1"},
      {"{", stops + "line 1, column 2"},
      {"{\n  \"api_key\": \"sk-secret\"\n  \"name\": 1\n}", stops + "line 3, column 8"},
      {"{\n\n}}", stops + "line 3, column 2"},
      {"{\"a\":01}", stops + "line 1, column 7"},
      {"{\"a\":\"\xFF\"}", stops + "line 1, column 7"},
  };
  for (const auto& [text, problem] : cases) CHECK(json_object_problem(text) == problem);
}

}  // namespace responses_proxy
