#include "core/secret_mask.h"

#include <doctest/doctest.h>

namespace responses_proxy {

namespace {

std::string masked(const std::vector<std::string>& values, std::string_view text,
                   std::size_t limit = std::string_view::npos) {
  std::vector<Secret> secrets;
  for (const std::string& value : values) secrets.emplace_back(value);
  std::vector<const Secret*> pointers;
  for (const Secret& secret : secrets) pointers.push_back(&secret);
  return SecretMask(pointers).apply(text, limit);
}

}  // namespace

TEST_CASE("known values are masked wherever they stand") {
  const std::vector<std::string> values = {"token-of-a-client", "tok!", "abcd1234", ""};
  CHECK(masked(values, "token-of-a-client") == "***");
  CHECK(masked(values, R"({"a":"xtoken-of-a-clienty","b":"abcd1234"})") ==
        R"({"a":"x***y","b":"***"})");
  CHECK(masked(values, "abcd1234abcd1234") == "******");
  CHECK(masked(values, "token-of-a-clien! nothing") == "token-of-a-clien! nothing");
  CHECK(masked({}, "token-of-a-client") == "token-of-a-client");
}

TEST_CASE("a credential is found in any place of a long text, whatever it begins with") {
  const std::vector<std::string> few = {"token-of-a-client", "Zebra-of-a-client"};
  std::vector<std::string> many = few;  // more first bytes than are looked for together
  for (char c = 'c'; c <= 'q'; ++c) many.push_back(std::string(1, c) + "-other-value");
  for (const std::string& secret :
       {std::string("token-of-a-client"), std::string("Zebra-of-a-client"),
        std::string("sk-abcdefghijkl"), std::string("%74oken-of-a-client"),
        std::string("\\u0074oken-of-a-client")}) {
    for (std::size_t at = 0; at < 50; ++at) {
      CAPTURE(secret);
      CAPTURE(at);
      const std::string before(at, '.');
      const std::string text = before + secret + std::string(50 - at, '.');
      CHECK(masked(few, text) == before + "***" + std::string(50 - at, '.'));
      CHECK(masked(many, text) == masked(few, text));
      const std::string given = before + "Bearer abcdefghijkl";
      CHECK(masked(few, given) == before + "Bearer ***");
    }
  }
}

TEST_CASE("of values that begin alike the longest counts") {
  CHECK(masked({"secret-1", "secret-1-and-more"}, "secret-1-and-more secret-1") == "*** ***");
}

TEST_CASE("a short value counts as a word of its own, a very short one not at all") {
  CHECK(masked({"sk-a", "xyz"}, "task-a sk-ab sk-a_ xyz sk-a, sk-a") ==
        "task-a sk-ab sk-a_ xyz ***, ***");
}

TEST_CASE("as JSON writes them") {
  const std::string value = "with/slash\"and\\more";
  CHECK(masked({value}, R"({"x":"with/slash\"and\\more"})") == R"({"x":"***"})");
  CHECK(masked({value}, R"({"x":"with\/slash\"and\\more"})") == R"({"x":"***"})");
  CHECK(masked({value}, value) == "***");
}

TEST_CASE("with any character encoded") {
  const std::vector<std::string> values = {"token-of-a-client"};
  CHECK(masked(values, "a token%2Dof%2Da%2dclient b") == "a *** b");
  CHECK(masked(values, "%74%6f%6b%65n-of-a-client") == "***");
  CHECK(masked(values, "{\"id\":\"\\u0074oken-of-\\u0061-client\"}") == "{\"id\":\"***\"}");
  CHECK(masked(values, "t%6fken-of-a-client") == "***");
  CHECK(masked(values, "t\\u006fken-of-a-client") == "***");
  CHECK(masked(values, "say \\u00") == "say \\u00");
  CHECK(masked(values, "100%, token%2Dof%2Db") == "100%, token%2Dof%2Db");
  CHECK(masked(values, "%7") == "%7");
}

TEST_CASE("what looks like a credential") {
  CHECK(masked({}, R"("Authorization: Bearer abc.DEF-123_~+/=="})") ==
        R"("Authorization: Bearer ***"})");
  CHECK(masked({}, "bearer   abcdefgh12 BEARER abcdefgh12") == "bearer   *** BEARER ***");
  CHECK(masked({}, R"(say \"Bearer abc\/defgh12\" twice)") == R"(say \"Bearer ***\" twice)");
  CHECK(masked({}, "the bearer of bad news, forbearer abcdefgh12") ==
        "the bearer of bad news, forbearer abcdefgh12");
  CHECK(masked({}, "key sk-proj-Abc_123xyz.") == "key ***.");
  CHECK(masked({}, "Incorrect API key provided: sk-abcde******wxyz.") ==
        "Incorrect API key provided: ***.");
  CHECK(masked({}, "risk-management, sk-learn, desk-") == "risk-management, sk-learn, desk-");
}

TEST_CASE("what begins before the limit is masked whole, what follows is left out") {
  const std::vector<std::string> values = {"token-of-a-client"};
  const std::string text = "ab token-of-a-client cd";
  CHECK(masked(values, text, 2) == "ab");
  for (std::size_t limit = 4; limit <= 20; ++limit) {
    CAPTURE(limit);
    CHECK(masked(values, text, limit) == "ab ***");
  }
  CHECK(masked(values, text, 22) == "ab *** c");
}

TEST_CASE("in its place a text is masked as a copy of it is") {
  const Secret secret("token-of-a-client");
  const SecretMask mask({&secret});
  for (const std::string text :
       {"", "t", "to", "s", "b", "%", "\\", "tb sk be %74 tok", "a token-of-a-client",
        "token%2Dof-a-client", "%74oken-of-a-client", "Bearer abcdefgh12", "BEARER abcdefgh12",
        "x sk-abcdefgh12", "ab token-of", "nothing"}) {
    CAPTURE(text);
    std::string in_place = text;
    mask.apply_to(in_place);
    CHECK(in_place == mask.apply(text));
  }
}

TEST_CASE("a value that the text's end cuts off") {
  CHECK(masked({"token-of-a-client"}, "ab token-of") == "ab ***");
  CHECK(masked({"token-of-a-client"}, "ab tok") == "ab tok");  // says nothing
}

}  // namespace responses_proxy
