// Timers: what waits for its time on one event loop.
//
// Role       Time-outs, pauses and ticks; a test or a simulation drives them by hand. Each event
//            loop has its own: EventLoop::timers().
// Threads    On the thread of their loop, or while it does not run; tasks run there.
// Ownership  A task belongs to its Timer; destroying the timer calls the task off, one that is due
//            included.
// Errors     None.
// Cost       A heap allocation or two for each timer; none of them blocks.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

class Timer {
 public:
  virtual ~Timer() = default;
};

class Timers {
 public:
  virtual ~Timers() = default;
  virtual SteadyTime now() const = 0;
  // Runs `task` once, not inside this call; it may destroy its timer, or replace it.
  [[nodiscard]] virtual std::unique_ptr<Timer> at(SteadyTime due, std::function<void()> task) = 0;

  [[nodiscard]] std::unique_ptr<Timer> after(SteadyTime::duration delay,
                                             std::function<void()> task) {
    return at(now() + delay, std::move(task));
  }
};

}  // namespace responses_proxy
