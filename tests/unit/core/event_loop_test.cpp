#include "responses_proxy/event_loop.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>
#include <vector>

#include "fakes/manual_timers.h"

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

TEST_CASE("a task may be put off, on the loop's own thread") {
  EventLoops loops(1);
  EventLoop& loop = loops.at(0);
  std::promise<bool> rung;
  const auto timer = loop.timers().after(Millis(1), [&] { rung.set_value(loop.on_this_thread()); });
  const auto never = loop.timers().after(std::chrono::hours(1), [] { FAIL("too early"); });
  loops.start();
  CHECK(rung.get_future().get());
  loops.stop();
}

TEST_CASE("loops and timers may be the host's: nothing here runs or stops them") {
  boost::asio::io_context context(1);
  testing::ManualTimers timers;
  EventLoop loop(context, timers);
  EventLoops loops({&loop});
  REQUIRE(loops.size() == 1);
  CHECK(&loops.at(0) == &loop);
  int ran = 0;
  loop.post([&] { ++ran; });
  const auto timer = loop.timers().after(Millis(5), [&] { ran += 10; });
  loops.start();
  loops.stop();
  CHECK_FALSE(context.stopped());
  CHECK(ran == 0);
  timers.advance(Millis(5));
  CHECK(ran == 10);
  context.run();
  CHECK(ran == 11);
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
