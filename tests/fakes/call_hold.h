// What the calls of a fake wait at while a test holds them; from any thread.
#pragma once

#include <condition_variable>
#include <mutex>

namespace responses_proxy::testing {

class CallHold {
 public:
  void set(bool held) {
    const std::scoped_lock lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  // Returns when no call is held.
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_; });
  }

 private:
  std::mutex mutex_;  // guards held_
  std::condition_variable changed_;
  bool held_ = false;
};

}  // namespace responses_proxy::testing
