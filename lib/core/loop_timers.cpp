#include "core/loop_timers.h"

#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace responses_proxy {

namespace {

class LoopTimer final : public Timer {
 public:
  LoopTimer(boost::asio::io_context& context, SteadyTime due, std::function<void()> task)
      : timer_(context, due), task_(std::make_shared<std::function<void()>>(std::move(task))) {
    // One that has rung already cannot be cancelled any more: the task must not outlive its timer.
    timer_.async_wait([weak = std::weak_ptr(task_)](const boost::system::error_code& stopped) {
      if (const auto due_task = weak.lock(); due_task && !stopped) (*due_task)();
    });
  }

 private:
  boost::asio::steady_timer timer_;
  const std::shared_ptr<std::function<void()>> task_;
};

}  // namespace

std::unique_ptr<Timer> LoopTimers::at(SteadyTime due, std::function<void()> task) {
  return std::make_unique<LoopTimer>(context_, due, std::move(task));
}

}  // namespace responses_proxy
