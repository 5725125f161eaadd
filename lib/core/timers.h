// Timers: time-outs on one event loop, as something that tests can drive.
#pragma once

#include <functional>
#include <memory>

#include "responses_proxy/clock.h"
#include "responses_proxy/event_loop.h"

namespace responses_proxy {

// A task that waits for its time; destroying it calls the task off.
class Timer {
 public:
  virtual ~Timer() = default;
};

class Timers {
 public:
  virtual ~Timers() = default;
  virtual SteadyTime now() const = 0;
  // Runs `task` once, not inside this call; it may destroy its timer, or replace it.
  virtual std::unique_ptr<Timer> at(SteadyTime due, std::function<void()> task) = 0;
};

// In real time, as time-outs of connections are.
class LoopTimers final : public Timers {
 public:
  explicit LoopTimers(EventLoop& loop) : loop_(loop) {}

  SteadyTime now() const override { return SystemClock().steady(); }
  std::unique_ptr<Timer> at(SteadyTime due, std::function<void()> task) override;

 private:
  EventLoop& loop_;
};

}  // namespace responses_proxy
