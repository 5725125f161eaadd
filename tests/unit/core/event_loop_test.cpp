#include "responses_proxy/event_loop.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <set>

namespace responses_proxy {

TEST_CASE("tasks run in order, each on the thread of its loop") {
  EventLoops loops(3);
  REQUIRE(loops.size() == 3);
  loops.start();
  std::set<std::thread::id> threads;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    EventLoop& loop = loops.at(i);
    CHECK_FALSE(loop.on_this_thread());
    std::vector<int> order;
    std::promise<std::thread::id> done;
    loop.post([&] { order.push_back(1); });
    loop.post([&] {
      order.push_back(loop.on_this_thread() ? 2 : -1);
      loop.post([&] { done.set_value(std::this_thread::get_id()); });
    });
    threads.insert(done.get_future().get());
    CHECK(order == std::vector<int>{1, 2});
  }
  CHECK(threads.size() == 3);
}

TEST_CASE("a task may be put off") {
  EventLoops loops(1);
  std::promise<void> done;
  loops.at(0).post_after(std::chrono::milliseconds(1), [&] { done.set_value(); });
  loops.start();
  done.get_future().get();
  loops.at(0).post_after(std::chrono::hours(1), [] { FAIL("too early"); });
}

TEST_CASE("stopping drops what waits, twice does no harm, and so does never starting") {
  std::atomic<int> ran{0};
  {
    EventLoops loops(2);
    loops.start();
    loops.stop();
    loops.stop();
    loops.at(0).post([&] { ++ran; });
  }
  const EventLoops never_started(1);
  CHECK(ran == 0);
  CHECK(EventLoops().size() >= 1);
}

}  // namespace responses_proxy
