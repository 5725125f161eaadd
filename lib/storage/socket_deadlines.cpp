#include "storage/socket_deadlines.h"

#include <sys/socket.h>

#include <algorithm>

namespace responses_proxy {

SocketDeadlines::Guard::Guard(SocketDeadlines& deadlines, int socket, Time at)
    : deadlines_(deadlines) {
  bool earlier = false;
  {
    const std::scoped_lock lock(deadlines_.mutex_);
    entry_ = deadlines_.entries_.insert(deadlines_.entries_.end(), {socket, at});
    // Deadlines mostly come in order: the thread, woken once, finds the next one by itself.
    earlier = at < deadlines_.wakes_at_;
  }
  if (earlier) deadlines_.wake_.notify_one();
}

SocketDeadlines::Guard::~Guard() {
  const std::scoped_lock lock(deadlines_.mutex_);
  deadlines_.entries_.erase(entry_);
}

bool SocketDeadlines::Guard::expired() const {
  const std::scoped_lock lock(deadlines_.mutex_);
  return entry_->expired;
}

SocketDeadlines::SocketDeadlines() : thread_([this] { run(); }) {}

SocketDeadlines::~SocketDeadlines() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void SocketDeadlines::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wakes_at_ = expire();
    if (wakes_at_ == Time::max()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, wakes_at_);
    }
  }
}

SocketDeadlines::Time SocketDeadlines::expire() {
  const Time now = std::chrono::steady_clock::now();
  Time next = Time::max();
  for (Entry& entry : entries_) {
    if (entry.expired) continue;
    if (entry.at > now) {
      next = std::min(next, entry.at);
      continue;
    }
    entry.expired = true;
    ::shutdown(entry.socket, SHUT_RDWR);
  }
  return next;
}

}  // namespace responses_proxy
