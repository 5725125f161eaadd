#include "core/bounded_id.h"

#include <doctest/doctest.h>

#include "core/sha256.h"

using namespace responses_proxy;

TEST_CASE("an id of up to 256 bytes stays as it is") {
  for (const std::size_t size : {0U, 1U, 255U, 256U}) {
    const std::string id(size, 'x');
    CHECK(bounded_id(id) == id);
  }
}

TEST_CASE("longer ids stay apart, whatever they have in common") {
  const std::string common(kMaxIdBytes, 'x');
  const std::string one = bounded_id(common + "1");
  CHECK(one.size() == kMaxIdBytes);
  CHECK(one.ends_with("~" + sha256_hex(common + "1")));
  CHECK(one.starts_with("xxxx"));
  CHECK(one != bounded_id(common + "2"));
  CHECK(one == bounded_id(common + "1"));
  CHECK(bounded_id(one) == one);
  CHECK(bounded_id(std::string(100'000, 'x') + "1") != bounded_id(std::string(100'000, 'x') + "2"));
}

TEST_CASE("nothing is cut in the middle of a character") {
  const std::string sun = "\xe2\x98\x80";
  for (std::size_t before = 180; before <= kMaxIdBytes; ++before) {
    std::string text(before, 'x');
    for (int i = 0; i < 60; ++i) text += sun;
    CAPTURE(before);
    const std::string label = bounded_label(text);
    CHECK(label.size() <= kMaxIdBytes);
    CHECK(label.size() > kMaxIdBytes - sun.size());
    CHECK((label.size() - before) % sun.size() == 0);
    const std::string id = bounded_id(text);
    CHECK(id.size() <= kMaxIdBytes);
    const std::size_t kept = id.find('~');
    CHECK((kept <= before || (kept - before) % sun.size() == 0));
  }
}
