#include "shared_state/recent_ids.h"

#include <doctest/doctest.h>

namespace responses_proxy {

TEST_CASE("of more ids than it keeps, those used last are left") {
  RecentIds ids;
  ids.used("first");
  for (std::size_t i = 1; i < RecentIds::kCapacity; ++i) ids.used(std::to_string(i));
  ids.used("first");  // now 1 is the oldest
  ids.used("another");
  const auto all = ids.all();
  REQUIRE(all.size() == RecentIds::kCapacity);
  CHECK(all[0] == "another");
  CHECK(all[1] == "first");
  CHECK(all.back() == "2");
}

TEST_CASE("of a very long id its bounded form is kept") {
  RecentIds ids;
  ids.used(std::string(100'000, 'x'));
  REQUIRE(ids.all().size() == 1);
  CHECK(ids.all()[0].size() <= kMaxIdBytes);
}

}  // namespace responses_proxy
