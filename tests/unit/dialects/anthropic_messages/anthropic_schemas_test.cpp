#include "dialects/anthropic_messages/anthropic_schemas.h"

#include <doctest/doctest.h>

#include <string>

#include "core/json_reader.h"

using namespace responses_proxy;

namespace {

std::string narrowed(const std::string& schema) {
  std::string text;
  CHECK(read_json(schema, [&](simdjson::dom::element root) { text = narrowed_schema(root); }));
  return text;
}

}  // namespace

TEST_CASE("a tool's schema is an object at the root") {
  const char* const nothing = R"({"type":"object","properties":{}})";
  const struct {
    const char* given;
    const char* made;
  } rows[] = {
      {"", nothing},
      {"null", nothing},
      {"[1]", nothing},
      {"no JSON", nothing},
      {"{}", nothing},
      {R"({"type":"string"})", nothing},
      {R"({"type":"object"})", R"({"type":"object"})"},
      {R"({"properties":{"a":{}},"required":["a"]})",
       R"({"type":"object","properties":{"a":{}},"required":["a"]})"},
      {R"({"type":["object","null"],"properties":{"a":{}},"additionalProperties":false})",
       R"({"type":"object","properties":{"a":{}},"additionalProperties":false})"},
      {R"({"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"required":["a"]},)"
       R"({"properties":{"a":{},"b":{"type":"null"}},"required":["b"]}]})",
       R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"null"}}})"},
      {R"({"allOf":[{"$ref":"#/$defs/x"},{"properties":{"c":{}},"required":["c"]}],)"
       R"("$defs":{"x":{"properties":{"b":{}},"required":["b"]}}})",
       R"({"type":"object","properties":{"b":{},"c":{}},"required":["b","c"],)"
       R"("$defs":{"x":{"properties":{"b":{}},"required":["b"]}}})"},
      // In a circle: bounded.
      {R"({"$ref":"#/$defs/x","$defs":{"x":{"anyOf":[{"$ref":"#/$defs/x"},)"
       R"({"$ref":"#/$defs/x"}]}}})",
       R"({"type":"object","properties":{},"$defs":{"x":{"anyOf":[{"$ref":"#/$defs/x"},)"
       R"({"$ref":"#/$defs/x"}]}}})"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.given);
    CHECK(object_schema(row.given) == row.made);
  }
}

TEST_CASE("an answer's schema has no keywords but those that are known") {
  CHECK(narrowed(R"x({"$schema":"x","type":"object","properties":{"n":{"type":"integer",)x"
                 R"x("minimum":1,"maximum":5,"description":"How many"},"l":{"type":"array",)x"
                 R"x("items":{"type":"string","format":"email","pattern":"a"},"minItems":1,)x"
                 R"x("maxItems":3}},"required":["n"],"additionalProperties":true})x") ==
        R"x({"type":"object","properties":{"n":{"type":"integer","description":"How many )x"
        R"x((minimum: 1, maximum: 5)"},"l":{"type":"array","items":{"type":"string",)x"
        R"x("format":"email","description":"(pattern: \"a\")"},"minItems":1,)x"
        R"x("description":"(maxItems: 3)"}},"required":["n"],"additionalProperties":false})x");
  CHECK(narrowed(
            R"({"oneOf":[{"type":"object"},{"$ref":"#/$defs/a"}],"$defs":{"a":{"enum":[1]}}})") ==
        R"({"anyOf":[{"type":"object","additionalProperties":false},{"$ref":"#/$defs/a"}],)"
        R"("$defs":{"a":{"enum":[1]}}})");
  CHECK(narrowed("true") == "true");
  std::string deep = "{}";
  for (int i = 0; i < 200; ++i) deep = R"({"items":)" + deep + "}";
  CHECK(narrowed(deep) == deep);
}
