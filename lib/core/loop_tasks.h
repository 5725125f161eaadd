// LoopTasks: what one object has posted to an event loop; called off when the object goes.
//
// Role       A loop of the host outlives what was built on it, and may run again: nothing that is
//            still in it then may look for an object that has gone.
// Threads    post() from any thread. call_off() and the destructor on the loop, or while it does
//            not run.
// Ownership  What a task holds goes with the task: when the loop comes to it, or ends.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "responses_proxy/event_loop.h"

namespace responses_proxy {

class LoopTasks {
 public:
  explicit LoopTasks(EventLoop& loop) : loop_(loop) {}
  ~LoopTasks() { call_off(); }
  LoopTasks(const LoopTasks&) = delete;
  LoopTasks& operator=(const LoopTasks&) = delete;

  void post(std::function<void()> task) {
    loop_.post([wanted = wanted_, task = std::move(task)] {
      if (*wanted) task();
    });
  }
  // What has been posted does not run any more, and neither does what comes.
  void call_off() { *wanted_ = false; }

 private:
  EventLoop& loop_;
  const std::shared_ptr<bool> wanted_ = std::make_shared<bool>(true);
};

}  // namespace responses_proxy
