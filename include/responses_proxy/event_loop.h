// EventLoop and EventLoops: the I/O threads.
//
// Role       One thread per core, each with one boost::asio::io_context. An exchange, its client
//            connection and its upstream transfer stay on one loop: no hand-off on the data path.
// Threads    post() and context() from any thread; everything that runs on a loop runs one at a
// time. Ownership  Outlives every Proxy, listener and client that was built on it. Blocking   Code
// on a loop must not block: every stream of that thread would wait.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace responses_proxy {

class EventLoop {
 public:
  // `context` is run by exactly one thread.
  explicit EventLoop(boost::asio::io_context& context) : context_(context) {}

  boost::asio::io_context& context() { return context_; }
  bool on_this_thread() const;
  void post(std::function<void()> task);
  // Runs the task on the loop after that time; it cannot be called off, so it must not keep much.
  void post_after(std::chrono::milliseconds delay, std::function<void()> task);

 private:
  boost::asio::io_context& context_;
};

// The loops of a process that has none of its own.
class EventLoops {
 public:
  // threads = 0: one per core this process may use.
  explicit EventLoops(std::size_t threads = 0);
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
  std::vector<std::unique_ptr<EventLoop>> loops_;
};

}  // namespace responses_proxy
