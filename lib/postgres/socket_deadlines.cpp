#include "postgres/socket_deadlines.h"

#include <sys/socket.h>

#include <algorithm>

namespace responses_proxy {

SocketDeadlines::Guard::Guard(SocketDeadlines& deadlines, int socket, SteadyTime at)
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

SocketDeadlines::SocketDeadlines(const Clock& clock) : clock_(clock), thread_([this] { run(); }) {}

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
    if (wakes_at_ == SteadyTime::max()) {
      wake_.wait(lock);
    } else {
      wake_.wait_for(lock, wakes_at_ - clock_.steady());
    }
  }
}

SteadyTime SocketDeadlines::expire() {
  const SteadyTime now = clock_.steady();
  SteadyTime next = SteadyTime::max();
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
