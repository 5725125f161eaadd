#include "runtime/loop_lag.h"

#include <utility>

namespace responses_proxy {

LoopLag::LoopLag(std::vector<Timers*> loops, std::function<void(SteadyTime::duration)> seen)
    : loops_(std::move(loops)), seen_(std::move(seen)), next_(loops_.size()) {
  for (std::size_t i = 0; i < loops_.size(); ++i) wait(i);
}

void LoopLag::wait(std::size_t loop) {
  const SteadyTime due = loops_[loop]->now() + kEvery;
  next_[loop] = loops_[loop]->at(due, [this, loop, due] {
    seen_(loops_[loop]->now() - due);
    wait(loop);
  });
}

}  // namespace responses_proxy
