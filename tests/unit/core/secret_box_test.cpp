#include "core/secret_box.h"

#include <doctest/doctest.h>

#include <set>

#include "core/base64.h"

namespace responses_proxy {

namespace {

Secret key_of(char filler) {
  return Secret(base64(std::string(SecretBox::kKeyBytes, filler)));
}

const SecretBox kBox({key_of('a')});

}  // namespace

TEST_CASE("a secret opens for its record, and is nowhere in what is kept") {
  for (const std::string text : {"sk-live-123456", "", "x"}) {
    const std::string sealed = kBox.seal(Secret(text), "kimi-main");
    CHECK(sealed.starts_with("v1:"));
    if (text.size() > 1) CHECK(sealed.find(text) == std::string::npos);
    const auto opened = kBox.open(sealed, "kimi-main");
    CHECK(opened.problem.empty());
    CHECK(opened.secret.reveal() == text);
  }
}

TEST_CASE("the same secret is sealed differently each time") {
  std::set<std::string> all;
  for (int i = 0; i < 50; ++i) all.insert(kBox.seal(Secret("sk-live-123456"), "a"));
  CHECK(all.size() == 50);
}

TEST_CASE("moved to another record, or changed in any byte, it does not open") {
  const std::string sealed = kBox.seal(Secret("sk-live-123456"), "a");
  CHECK(kBox.open(sealed, "b").problem ==
        "its stored key was changed, or belongs to another record");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto opened = kBox.open(changed, "a");
    CHECK_MESSAGE(!opened.problem.empty(), i);
    CHECK(opened.secret.empty());
    CHECK(opened.problem.find("sk-") == std::string::npos);
  }
  for (const char* odd : {"", "v1", "v1:", "v1::", "v2:a:b", "v1:a:Zm9v", "sk-live-123456"}) {
    CHECK(kBox.open(odd, "a").problem == "its stored key is no encrypted text of this program");
  }
}

TEST_CASE("keys are replaced without a gap: the first seals, all open") {
  const std::string old = kBox.seal(Secret("sk-live-123456"), "a");
  const SecretBox rotated({key_of('b'), key_of('a')});
  CHECK(rotated.open(old, "a").secret.reveal() == "sk-live-123456");
  CHECK_FALSE(rotated.is_current(old));
  const std::string fresh = rotated.seal(Secret("sk-live-123456"), "a");
  CHECK(rotated.is_current(fresh));
  const auto refused = kBox.open(fresh, "a");
  CHECK(refused.problem.find("another PROXY_SECRET_ENCRYPTION_KEY (key id ") != std::string::npos);
  CHECK(SecretBox({key_of('b')}).open(fresh, "a").problem.empty());
}

TEST_CASE("without a key nothing opens") {
  const SecretBox none;
  CHECK_FALSE(none.has_key());
  CHECK_FALSE(none.open(kBox.seal(Secret("sk-live-123456"), "a"), "a").problem.empty());
  CHECK_FALSE(SecretBox({Secret("too short"), Secret("")}).has_key());
  CHECK(kBox.has_key());
}

}  // namespace responses_proxy
