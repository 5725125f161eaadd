// SocketDeadlines: breaks a socket whose time is up, so that a blocking library call on it ends.
//
// Role       The database's own time-outs need a database that still runs; this one does not.
// Threads    Safe from any thread; has one of its own.
// Ownership  Outlives its guards. A socket stays open as long as a guard watches it.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "responses_proxy/clock.h"

namespace responses_proxy {

class SocketDeadlines {
 private:
  struct Entry {
    int socket;
    SteadyTime at;
    bool expired = false;
  };

 public:
  class Guard {
   public:
    Guard(SocketDeadlines& deadlines, int socket, SteadyTime at);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Whether the socket was broken.
    bool expired() const;

   private:
    SocketDeadlines& deadlines_;
    std::list<Entry>::iterator entry_;
  };

  explicit SocketDeadlines(const Clock& clock);
  ~SocketDeadlines();
  SocketDeadlines(const SocketDeadlines&) = delete;
  SocketDeadlines& operator=(const SocketDeadlines&) = delete;

 private:
  void run();
  // Breaks what is due; returns when the next one is.
  SteadyTime expire();

  const Clock& clock_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::list<Entry> entries_;
  SteadyTime wakes_at_ = SteadyTime::max();
  bool stopping_ = false;
  std::thread thread_;  // last: starts when everything else stands
};

}  // namespace responses_proxy
