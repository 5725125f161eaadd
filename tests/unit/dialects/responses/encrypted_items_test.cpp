#include "dialects/responses/encrypted_items.h"

#include <doctest/doctest.h>

#include "core/base64.h"
#include "core/json.h"
#include "dialects/translation/compaction.h"

namespace responses_proxy {

TEST_CASE("what only another account can decrypt goes, every other byte stays") {
  CHECK(without_encrypted_items(R"({ "input":[{"encrypted_content":"x"}, {"a": 1},)"
                                R"({"content":[{"type":"encrypted_content"}]}],"b":2 })",
                                nullptr) == R"({ "input":[{"a": 1}],"b":2 })");
  CHECK_FALSE(without_encrypted_items(R"({"input":[{"a":1}]})", nullptr));
  CHECK_FALSE(without_encrypted_items(R"({"input":"x"})", nullptr));
}

TEST_CASE("a summary that this proxy has sealed is told in words where the key is") {
  const auto seal = make_text_seal({Secret(base64(std::string(32, 'a')))});
  const auto stranger = make_text_seal({Secret(base64(std::string(32, 'b')))});
  const std::string sealed = *sealed_summary({"The house is blue.", false}, seal.get());
  const std::string body = R"({"input":[{"a":1},{"type":"compaction","encrypted_content":")" +
                           sealed + R"("},{"b":2}]})";
  const auto told = without_encrypted_items(body, seal.get());
  REQUIRE(told);
  const Json input = Json::parse(*told)["input"];
  REQUIRE(input.size() == 3);
  CHECK(input[1]["role"] == "user");
  const std::string text = input[1]["content"][0]["text"];
  CHECK(text.ends_with("The house is blue."));
  CHECK(without_encrypted_items(body, stranger.get()) == R"({"input":[{"a":1},{"b":2}]})");
}

}  // namespace responses_proxy
