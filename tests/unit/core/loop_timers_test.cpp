#include "core/loop_timers.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>

namespace responses_proxy {

TEST_CASE("timers ring once, in order, not inside the call, and not when they are gone") {
  boost::asio::io_context context;
  LoopTimers timers(context);
  const SteadyTime now = timers.now();
  std::string rung;
  const auto second = timers.at(now + Millis(2), [&] { rung += "second "; });
  const auto first = timers.at(now, [&] { rung += "first "; });
  auto gone = timers.at(now, [&] { rung += "gone "; });
  gone.reset();
  CHECK(rung.empty());
  context.run();
  CHECK(rung == "first second ");
}

TEST_CASE("a task may replace or end its own timer") {
  boost::asio::io_context context;
  LoopTimers timers(context);
  int rounds = 0;
  std::unique_ptr<Timer> timer;
  std::function<void()> task = [&] {
    timer.reset();
    if (++rounds < 3) timer = timers.at(timers.now(), task);
  };
  timer = timers.at(timers.now(), task);
  context.run();
  CHECK(rounds == 3);
}

TEST_CASE("one that has rung already is called off as well") {
  boost::asio::io_context context;
  LoopTimers timers(context);
  std::unique_ptr<Timer> other;
  int rung = 0;
  const auto end_other = [&] {
    ++rung;
    other.reset();
  };
  // Both are due when the loop looks: the first ends the second.
  const auto timer = timers.at(timers.now() - Millis(2), end_other);
  other = timers.at(timers.now() - Millis(1), [&] { ++rung; });
  context.run();
  CHECK(rung == 1);
}

}  // namespace responses_proxy
