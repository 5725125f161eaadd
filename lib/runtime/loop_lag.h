// LoopLag: how late each event loop is, seen by a task that is due every now and then.
//
// Threads    Construct and destroy while the loops do not run.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/timers.h"

namespace responses_proxy {

class LoopLag {
 public:
  static constexpr Millis kEvery{250};

  // `seen` is called on the loops.
  LoopLag(std::vector<Timers*> loops, std::function<void(SteadyTime::duration lag)> seen);

 private:
  void wait(std::size_t loop);

  const std::vector<Timers*> loops_;
  const std::function<void(SteadyTime::duration lag)> seen_;
  std::vector<std::unique_ptr<Timer>> next_;
};

}  // namespace responses_proxy
