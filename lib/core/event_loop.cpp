#include "responses_proxy/event_loop.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "core/loop_timers.h"

namespace responses_proxy {

using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

EventLoop::EventLoop(boost::asio::io_context& context)
    : context_(context),
      own_timers_(std::make_unique<LoopTimers>(context)),
      timers_(*own_timers_) {}

bool EventLoop::on_this_thread() const {
  return context_.get_executor().running_in_this_thread();
}

void EventLoop::post(std::function<void()> task) {
  boost::asio::post(context_, std::move(task));
}

// Sockets are not locked: whoever makes one on such a loop touches it on its thread only, or while
// the loop does not run. Posting and timers are locked, as anywhere.
struct EventLoops::Thread {
  boost::asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  EventLoop loop{context};
  std::optional<WorkGuard> work;
  std::thread thread;
};

EventLoops::EventLoops(std::size_t threads) {
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.push_back(std::make_unique<Thread>());
    threads_.back()->work.emplace(threads_.back()->context.get_executor());
    loops_.push_back(&threads_.back()->loop);
  }
}

EventLoops::EventLoops(std::vector<EventLoop*> of_host) : loops_(std::move(of_host)) {
  if (loops_.empty() || std::find(loops_.begin(), loops_.end(), nullptr) != loops_.end()) {
    throw std::invalid_argument("EventLoops: give at least one loop, and no null pointers");
  }
}

EventLoops::~EventLoops() {
  stop();
}

void EventLoops::start() {
  for (const auto& thread : threads_) {
    thread->thread = std::thread([&context = thread->context] { context.run(); });
  }
}

void EventLoops::stop() {
  for (const auto& thread : threads_) {
    thread->work.reset();
    thread->context.stop();
  }
  for (const auto& thread : threads_) {
    if (thread->thread.joinable()) thread->thread.join();
  }
}

}  // namespace responses_proxy
