#include "responses_proxy/event_loop.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>

namespace responses_proxy {

using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

bool EventLoop::on_this_thread() const {
  return context_.get_executor().running_in_this_thread();
}

void EventLoop::post(std::function<void()> task) {
  boost::asio::post(context_, std::move(task));
}

void EventLoop::post_after(std::chrono::milliseconds delay, std::function<void()> task) {
  auto timer = std::make_unique<boost::asio::steady_timer>(context_, delay);
  boost::asio::steady_timer& waiting = *timer;
  waiting.async_wait(
      [timer = std::move(timer), task = std::move(task)](const boost::system::error_code& error) {
        if (!error) task();
      });
}

struct EventLoops::Thread {
  boost::asio::io_context context{1};
  std::optional<WorkGuard> work;
  std::thread thread;
};

EventLoops::EventLoops(std::size_t threads) {
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.push_back(std::make_unique<Thread>());
    threads_.back()->work.emplace(threads_.back()->context.get_executor());
    loops_.push_back(std::make_unique<EventLoop>(threads_.back()->context));
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
