#include "responses_proxy/helper_threads.h"

#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <set>
#include <thread>

using namespace responses_proxy;

namespace {

constexpr auto kPatience = std::chrono::seconds(30);

// Work that waits until the test lets it go on.
struct Gate {
  std::promise<void> reached;
  std::promise<void> open;

  std::function<void()> work() {
    return [this] {
      reached.set_value();
      open.get_future().wait();
    };
  }
  void wait_until_reached() { reached.get_future().wait_for(kPatience); }
};

}  // namespace

TEST_CASE("work runs on other threads, several pieces at a time, in the order it came") {
  const auto helpers = make_helper_threads(2);
  Gate first;
  Gate second;
  CHECK(helpers->run(first.work()));
  CHECK(helpers->run(second.work()));
  first.wait_until_reached();
  second.wait_until_reached();  // while the first is still at it
  std::promise<std::thread::id> third;
  std::vector<int> order;
  helpers->run([&] { order.push_back(1); });
  helpers->run([&] { order.push_back(2); });
  helpers->run([&] { third.set_value(std::this_thread::get_id()); });
  first.open.set_value();
  CHECK(third.get_future().get() != std::this_thread::get_id());
  second.open.set_value();
  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("what waits is bounded; the rest is refused and can run elsewhere") {
  const auto helpers = make_helper_threads(1);
  Gate gate;
  helpers->run(gate.work());
  gate.wait_until_reached();
  for (std::size_t i = 0; i < HelperThreads::kMaxWaiting; ++i) REQUIRE(helpers->run([] {}));
  CHECK_FALSE(helpers->run([] {}));
  gate.open.set_value();
  std::promise<void> ran;
  while (!helpers->run([&] { ran.set_value(); })) std::this_thread::yield();
  CHECK(ran.get_future().wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("the end waits for what is in hand and drops the rest") {
  auto helpers = make_helper_threads(1);
  Gate gate;
  bool dropped = true;
  const auto held = std::make_shared<int>(0);
  helpers->run(gate.work());
  gate.wait_until_reached();
  helpers->run([&dropped, held] { dropped = false; });
  CHECK(held.use_count() == 2);
  std::thread opener([&] { gate.open.set_value(); });
  helpers.reset();
  opener.join();
  // It may have got hold of the next piece before it heard of the end.
  CHECK((dropped || held.use_count() == 1));
  CHECK(held.use_count() == 1);
}
