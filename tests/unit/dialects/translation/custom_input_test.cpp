#include "dialects/translation/custom_input.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "core/json.h"
#include "dialects/translation/client_tools.h"

namespace responses_proxy {

namespace {

struct Unwrapped {
  std::string text;
  std::size_t pieces = 0;
  bool operator==(const Unwrapped&) const = default;
};

// Checks on the way that the pieces make up the text.
Unwrapped unwrapped(const std::vector<std::string_view>& arguments) {
  CustomInput input;
  Unwrapped all;
  const auto take = [&](std::string_view piece) {
    all.text.append(piece);
    all.pieces += piece.empty() ? 0 : 1;
    CHECK(all.text == input.text());
  };
  for (const std::string_view piece : arguments) take(input.add(piece));
  take(input.end());
  return all;
}

std::string text_of(const std::vector<std::string_view>& arguments) {
  return unwrapped(arguments).text;
}

}  // namespace

TEST_CASE("custom input: cut anywhere it is what it is as a whole") {
  const std::array<std::string_view, 14> all = {
      R"({"input":"*** Begin\n\"q\" \\ \/ \b\f\r\t end"})",
      R"( { "input" : "a" , "more" : [1] } )",
      "{\"input\":\"caf\\u00e9 \xc3\xa9 \\ud83d\\ude00 \xf0\x9f\x98\x80\"}",
      R"({"input":"\ud83d"})",
      R"({"input":"\ude00 \ud83d\ud83d\ude00 \ud83dx"})",
      R"({"input":""})",
      R"({})",
      R"({"patch":"a\nb"})",
      R"({"input":7})",
      R"("only a text\n")",
      "*** Begin Patch\n+{\"input\":\"x\"}",
      "  plain",
      R"(["a"])",
      ""};
  for (const std::string_view arguments : all) {
    CAPTURE(arguments);
    const std::string whole = input_of(arguments);
    CHECK(text_of({arguments}) == whole);
    std::vector<std::string_view> bytes;
    for (std::size_t cut = 0; cut < arguments.size(); ++cut) {
      CHECK(text_of({arguments.substr(0, cut), arguments.substr(cut)}) == whole);
      bytes.push_back(arguments.substr(cut, 1));
    }
    CHECK(text_of(bytes) == whole);
  }
}

TEST_CASE("custom input: it comes while it is written, not at the end") {
  CHECK(unwrapped({R"({"in)", R"(put":"a)", "b", R"(c"})"}) == Unwrapped{"abc", 3});
  CHECK(unwrapped({"*** Begin", " Patch"}) == Unwrapped{"*** Begin Patch", 2});
  CHECK(unwrapped({R"({"patch":"a)", R"(b"})"}) == Unwrapped{"ab", 1});
}

TEST_CASE("custom input: what was given out stays, however the arguments end") {
  CHECK(text_of({R"({"input":"*** Be)"}) == "*** Be");
  CHECK(text_of({R"({"input":"a\u00)"}) == "a");
  CHECK(text_of({R"({"input":"a\ud83d)"}) == "a\xef\xbf\xbd");
  CHECK(text_of({R"({"input":"a"} and more)"}) == "a");
  CHECK(text_of({"{\"input\":\"line\nend\"}"}) == "line\nend");
  CHECK(text_of({R"({"input":"\q\u00zz"})"}) == "q\xef\xbf\xbd");
}

}  // namespace responses_proxy
