#include "responses_proxy/text_seal.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "core/base64.h"
#include "core/secret_box.h"

namespace responses_proxy {

namespace {

Secret key_of(char filler) {
  return Secret(base64(std::string(SecretBox::kKeyBytes, filler)));
}

// Differs in the first of its six bits: the last ones of a last character are nobody's.
char other_than(char c) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::size_t digit = kDigits.find(c);
  return digit == std::string_view::npos ? 'A' : kDigits[(digit + 32) % 64];
}

}  // namespace

TEST_CASE("without a key there is no seal") {
  CHECK(make_text_seal({}) == nullptr);
  CHECK(make_text_seal({Secret("short")}) == nullptr);
}

TEST_CASE("a sealed text opens with its key, here and on every replica that has it") {
  const auto seal = make_text_seal({key_of('a')});
  const auto replica = make_text_seal({key_of('b'), key_of('a')});
  const auto stranger = make_text_seal({key_of('b')});
  REQUIRE(seal);
  const auto sealed = seal->seal("The house is blue.");
  REQUIRE(sealed);
  CHECK(sealed->find("house") == std::string::npos);
  CHECK(seal->open(*sealed) == "The house is blue.");
  CHECK(replica->open(*sealed) == "The house is blue.");
  CHECK_FALSE(stranger->open(*sealed));
}

TEST_CASE("changed in any character, or sealed for another purpose, it does not open") {
  const auto seal = make_text_seal({key_of('a')});
  const std::string sealed = *seal->seal("x");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] = other_than(changed[at]);
    CHECK_FALSE(seal->open(changed));
  }
  const SecretBox box({key_of('a')});
  CHECK_FALSE(seal->open(box.seal(Secret("sk-of-a-provider"), "kimi-main")));
}

}  // namespace responses_proxy
