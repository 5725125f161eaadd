#include "core/periodic_thread.h"

#include <utility>

namespace responses_proxy {

PeriodicThread::PeriodicThread(Millis first, Work work)
    : work_(std::move(work)), thread_([this, first] { run(first); }) {}

PeriodicThread::~PeriodicThread() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void PeriodicThread::hurry() {
  {
    const std::scoped_lock lock(mutex_);
    asked_ = true;
  }
  changed_.notify_all();
}

void PeriodicThread::run(Millis pause) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait_for(lock, pause, [this] { return asked_ || stopped_; });
    if (stopped_) return;
    asked_ = false;
    lock.unlock();
    pause = work_();
    lock.lock();
  }
}

}  // namespace responses_proxy
