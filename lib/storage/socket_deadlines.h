// SocketDeadlines: breaks a socket whose time is up, so that a blocking library call on it ends.
//
// Role       The database's own time-outs need a database that still runs; this one does not.
// Threads    Safe from any thread; has one of its own.
// Ownership  Outlives its guards. A socket stays open as long as a guard watches it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace responses_proxy {

class SocketDeadlines {
 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Entry {
    int socket;
    Time at;
    bool expired = false;
  };

 public:
  class Guard {
   public:
    Guard(SocketDeadlines& deadlines, int socket, Time at);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Whether the socket was broken.
    bool expired() const;

   private:
    SocketDeadlines& deadlines_;
    std::list<Entry>::iterator entry_;
  };

  SocketDeadlines();
  ~SocketDeadlines();
  SocketDeadlines(const SocketDeadlines&) = delete;
  SocketDeadlines& operator=(const SocketDeadlines&) = delete;

 private:
  void run();
  // Breaks what is due; returns when the next one is.
  Time expire();

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::list<Entry> entries_;
  Time wakes_at_ = Time::max();
  bool stopping_ = false;
  std::thread thread_;  // last: starts when everything else stands
};

}  // namespace responses_proxy
