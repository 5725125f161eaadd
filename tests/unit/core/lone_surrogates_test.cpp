#include "core/lone_surrogates.h"

#include <doctest/doctest.h>

#include <string>

#include "core/json_reader.h"

using namespace responses_proxy;

TEST_CASE("half a surrogate pair becomes U+FFFD, and nothing else changes") {
  const struct {
    const char* json;
    const char* whole;
  } rows[] = {
      {R"("\ud83d")", R"("\ufffd")"},
      {R"("\ud83dx\ude00")", R"("\ufffdx\ufffd")"},
      {R"("\ud83d\ude00")", R"("\ud83d\ude00")"},
      {R"("\ud83d\ud83d\ude00")", R"("\ufffd\ud83d\ude00")"},
      {R"("\\ud83d \u00e4 \n")", R"("\\ud83d \u00e4 \n")"},
      {R"("\ud83d)", R"("\ufffd)"},
      {R"("\ud8)", R"("\ud8)"},
      {"\\", "\\"},
      {"", ""},
  };
  for (const auto& row : rows) CHECK(without_lone_surrogates(row.json) == row.whole);
}

TEST_CASE("a document with half a pair is read all the same") {
  std::string text;
  CHECK(read_any_json(R"({"a":"\ud83d!"})",
                      [&](simdjson::dom::element root) { text = string_at(root, "a"); }));
  CHECK(text == "\xEF\xBF\xBD!");
  JsonDocument document;
  CHECK(document.read(R"({"a":"x\ude00"})"));
  CHECK(string_at(document.root(), "a") == "x\xEF\xBF\xBD");
  CHECK_FALSE(document.read(R"({"a":"\x"})"));
}
