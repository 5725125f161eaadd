#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/conversations.h"

namespace responses_proxy {

namespace {

std::shared_ptr<const History> after(std::shared_ptr<const History> before, std::string input,
                                     std::string output) {
  return std::make_shared<const History>(
      StoredTurn{"resp", "", std::move(input), std::move(output)}, std::move(before));
}

}  // namespace

TEST_CASE("items stand in the order of their turns, with a comma only between them") {
  const auto first = after(nullptr, "", "");
  CHECK(first->items().empty());
  CHECK(first->bytes() == 0);
  const auto second = after(after(first, "1", ""), "", "2,3");
  CHECK(second->items() == "1,2,3");
  CHECK(second->turns() == 3);
  CHECK(second->bytes() == 4);
  CHECK(second->lists() == std::vector<std::string_view>{"1", "2,3"});
  CHECK(first->lists().empty());
  CHECK(first->items().empty());
}

TEST_CASE("a chain of any length ends without using up the stack") {
  std::shared_ptr<const History> last;
  for (int i = 0; i < 1'000'000; ++i) last = after(std::move(last), "", "");
  CHECK(last->turns() == 1'000'000);
  const std::weak_ptr<const History> before = last->before();
  last.reset();
  CHECK(before.expired());
}

TEST_CASE("what another conversation continues outlives the one that goes") {
  const auto first = after(nullptr, "1", "2");
  auto second = after(first, "3", "");
  const auto fork = after(second, "4", "");
  second.reset();
  CHECK(fork->items() == "1,2,3,4");
}

}  // namespace responses_proxy
