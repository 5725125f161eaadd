// EventLoop and EventLoops: the I/O threads.
//
// Role       One thread per core, each with one boost::asio::io_context. An exchange, its client
//            connection and its upstream transfer stay on one loop: no hand-off on the data path.
// Threads    post() and context() from any thread; everything that runs on a loop runs one at a
//            time.
// Ownership  Outlives every Proxy, listener and client that was built on it.
// Blocking   Code on a loop must not block: every stream of that thread would wait.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "responses_proxy/export.h"
#include "responses_proxy/timers.h"

namespace RP_PUBLIC responses_proxy {

class EventLoop {
 public:
  // `context` is run by exactly one thread. Its timers ring in real time.
  explicit EventLoop(boost::asio::io_context& context);
  // With timers of the host's own, which ring on that thread: a simulation's.
  EventLoop(boost::asio::io_context& context, Timers& timers)
      : context_(context), timers_(timers) {}

  boost::asio::io_context& context() { return context_; }
  Timers& timers() { return timers_; }
  bool on_this_thread() const;
  void post(std::function<void()> task);

 private:
  boost::asio::io_context& context_;
  const std::unique_ptr<Timers> own_timers_;
  Timers& timers_;
};

class EventLoops {
 public:
  // For a process that has none. threads = 0: one per core this process may use. Asio locks no
  // socket on them: each is touched on its loop's thread, or while that does not run.
  explicit EventLoops(std::size_t threads = 0);
  // Loops that the host runs: start() and stop() do nothing. They outlive this object. Throws
  // std::invalid_argument where there is none, or a null pointer among them.
  explicit EventLoops(std::vector<EventLoop*> of_host);
  ~EventLoops();
  EventLoops(const EventLoops&) = delete;
  EventLoops& operator=(const EventLoops&) = delete;

  std::size_t size() const { return loops_.size(); }
  EventLoop& at(std::size_t index) { return *loops_[index]; }
  // Starts the threads; they run until stop().
  void start();
  // Ends the threads after the task they are in; pending work is dropped. Idempotent.
  void stop();

 private:
  struct Thread;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<EventLoop*> loops_;
};

}  // namespace responses_proxy
