#include "core/json_fields.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>

namespace responses_proxy {

namespace {

using Kind = JsonField::Kind;

JsonField read_one(std::string_view value) {
  std::array fields = {JsonField{.key = "x"}};
  const std::string text = R"({"a":[{"x":1}],"x":)" + std::string(value) + R"(,"z":"\"x\":2"})";
  REQUIRE(read_json_fields(text, fields) == JsonOutcome::read);
  return fields[0];
}

bool is_broken(std::string_view value) {
  std::array fields = {JsonField{.key = "x"}};
  return read_json_fields(R"({"x":)" + std::string(value) + "}", fields) == JsonOutcome::not_json;
}

}  // namespace

TEST_CASE("a text is read where it stands, whatever stands behind it") {
  const std::string text = R"({"model":"gpt-4.1-mini","input":[{"n":1}]}"}{)";
  std::array fields = {JsonField{.key = "model"},
                       JsonField{.key = "input", .take = JsonField::Take::place}};
  const std::string_view whole = std::string_view(text).substr(0, text.size() - 3);
  CHECK(read_json_fields(whole, fields) == JsonOutcome::read);
  CHECK(fields[0].text == "gpt-4.1-mini");
  CHECK(fields[1].place == R"([{"n":1}])");
  CHECK(fields[1].place.data() == text.data() + text.find('['));
}

TEST_CASE("of numbers those that fit are of use, the others are no fault") {
  CHECK(read_one("-17").integer == -17);
  CHECK(read_one("0").integer == 0);
  CHECK(read_one("-0").kind == Kind::integer);
  CHECK(read_one("9223372036854775807").integer == std::numeric_limits<std::int64_t>::max());
  for (const char* other : {"9223372036854775808", "1.5", "1e3", "007", "-", "1x", "1e999"}) {
    CAPTURE(other);
    CHECK(read_one(other).kind == Kind::other);
  }
}

TEST_CASE("what is asked for has to be what it begins as") {
  CHECK(read_one("true").flag);
  CHECK(read_one(" null ").kind == Kind::none);
  CHECK(read_one(R"("a\"\u00e9\ud83d\ude00")").text == "a\"\u00e9\U0001F600");
  for (const char* broken :
       {"tru", "nullx", "x", "", "truefalse", "\"\\q\"", "\"\\ud800\"", "\"a\nb\"", "\"", "\"\\\"",
        "{\"a\"}", "{\"a\":1,}", "[\\]", "[1\\n]"}) {
    CAPTURE(broken);
    CHECK(is_broken(broken));
  }
}

TEST_CASE("strings of any length end at their own quote") {
  for (std::size_t size = 0; size < 200; ++size) {
    CAPTURE(size);
    const std::string plain(size, 'a');
    CHECK(read_one("\"" + plain + "\"").text == plain);
    CHECK(read_one("\"" + plain + "\\\\\"").text == plain + "\\");
    CHECK(read_one("[\"" + plain + "\\\"]\"]").kind == Kind::other);
    CHECK(is_broken("\"" + plain + "\x1f\""));
    CHECK(is_broken("[\"" + plain + "\x01" + "b\"]"));
    CHECK(read_one("\"" + plain + "\x7f\xc3\xa9\"").text == plain + "\x7f\xc3\xa9");
  }
}

TEST_CASE("what is passed over is not judged, but it is text") {
  std::array fields = {JsonField{.key = "x"}};
  const std::string deep(100'000, '[');
  const std::string text =
      "{\"a\":" + deep + std::string(deep.size(), ']') + R"(,"b":1e9999,"x":1})";
  CHECK(read_json_fields(text, fields) == JsonOutcome::read);
  CHECK(fields[0].integer == 1);
  CHECK(read_json_fields("{\"a\":\"\xff\"}", fields) == JsonOutcome::not_json);
  CHECK(read_json_fields(std::string_view("{}\0", 3), fields) == JsonOutcome::not_json);
}

}  // namespace responses_proxy
