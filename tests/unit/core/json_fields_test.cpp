#include "core/json_fields.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "responses_proxy/request.h"

namespace responses_proxy {

TEST_CASE("a text with room behind it is read where it stands") {
  std::string text = R"({"model":"gpt-4.1-mini","input":[{"n":1}]})";
  text.reserve(text.size() + Request::kBodyPadding);
  const std::string before = text;
  const char* const place = text.data();
  std::array fields = {JsonField{.key = "model"}};
  CHECK(read_json_fields(text, fields) == JsonOutcome::read);
  CHECK(fields[0].text == "gpt-4.1-mini");
  CHECK(text.data() == place);
  CHECK(text == before);
}

TEST_CASE("one without gets it, and says the same") {
  for (const char* json : {R"({"model":"m"})", R"(["model"])", R"({"model":"m")", "", " "}) {
    CAPTURE(json);
    std::string text = json;
    text.shrink_to_fit();
    std::array in_place = {JsonField{.key = "model"}};
    std::array copied = {JsonField{.key = "model"}};
    const JsonOutcome outcome = read_json_fields(std::string_view(json), copied);
    CHECK(read_json_fields(text, in_place) == outcome);
    CHECK(in_place[0].text == copied[0].text);
    CHECK(text == json);
    CHECK(text.capacity() - text.size() >= Request::kBodyPadding);
  }
}

}  // namespace responses_proxy
