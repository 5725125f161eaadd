// PeriodicThread: does some work now and then, on a thread that may block.
//
// Role       A pause, the work, a pause as long as the work has asked for, and so on; at once when
//            told that there is something to do.
// Threads    One of its own; hurry() from any thread.
// Ownership  What the work uses outlives this.
// Errors     The work throws nothing.
// Blocking   The destructor waits for work that is under way.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "responses_proxy/clock.h"

namespace responses_proxy {

class PeriodicThread {
 public:
  // Does the work; returns how long to wait before it is done again.
  using Work = std::function<Millis()>;

  // `first`: the pause before the first time.
  PeriodicThread(Millis first, Work work);
  ~PeriodicThread();
  PeriodicThread(const PeriodicThread&) = delete;
  PeriodicThread& operator=(const PeriodicThread&) = delete;

  void hurry();

 private:
  void run(Millis pause);

  const Work work_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool asked_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace responses_proxy
