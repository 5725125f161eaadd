// Helper threads that are the test: each piece of work is kept until the test does it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "responses_proxy/helper_threads.h"

namespace responses_proxy::testing {

class HeldHelpers final : public HelperThreads {
 public:
  bool run(std::function<void()> work) override {
    const std::scoped_lock lock(mutex_);
    if (full_) return false;
    held_.push_back(std::move(work));
    changed_.notify_all();
    return true;
  }
  void be_full() {
    const std::scoped_lock lock(mutex_);
    full_ = true;
  }
  std::size_t held() const {
    const std::scoped_lock lock(mutex_);
    return held_.size();
  }
  // The oldest, once there is one; an empty one if none comes.
  std::function<void()> take() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [this] { return !held_.empty(); });
    if (held_.empty()) return {};
    std::function<void()> work = std::move(held_.front());
    held_.pop_front();
    return work;
  }

 private:
  static constexpr std::chrono::seconds kPatience{30};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> held_;
  bool full_ = false;
};

}  // namespace responses_proxy::testing
