#include "dialects/responses/kept_output.h"

#include <doctest/doctest.h>

namespace responses_proxy {

TEST_CASE("items are kept as they stand in their events, up to the limit") {
  KeptOutput output(20);
  output.add(R"({"a" : 1.0})");
  output.add(R"({"b":2})");
  CHECK(output.items() == R"({"a" : 1.0},{"b":2})");
  output.complete_from(R"([{"a" : 1.0}])");  // they are there already
  CHECK(output.items() == R"({"a" : 1.0},{"b":2})");
  CHECK(output.whole());
  output.add(R"({"c":3})");
  CHECK_FALSE(output.whole());
  CHECK(output.bytes() == 0);
  output.add(R"({"d":4})");
  CHECK(output.items().empty());
}

TEST_CASE("an answer whose items came with its last event only") {
  KeptOutput output(100);
  output.complete_from(R"([{"a":1},{"b":2}])");
  CHECK(output.items() == R"({"a":1},{"b":2})");
  KeptOutput none(100);
  none.complete_from(R"([])");
  CHECK(none.items().empty());
  CHECK(none.whole());
}

TEST_CASE("where nothing is to be kept, nothing is, and it is not whole") {
  KeptOutput output(0);
  output.add(R"({"a":1})");
  output.complete_from(R"([{"a":1}])");
  CHECK(output.items().empty());
  CHECK_FALSE(output.whole());
}

}  // namespace responses_proxy
