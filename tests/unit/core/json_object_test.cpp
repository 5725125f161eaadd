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

}  // namespace responses_proxy
