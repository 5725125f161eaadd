// LoopTimers: the timers of an event loop that runs in real time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "responses_proxy/timers.h"

namespace responses_proxy {

class LoopTimers final : public Timers {
 public:
  explicit LoopTimers(boost::asio::io_context& context) : context_(context) {}

  SteadyTime now() const override { return SystemClock().steady(); }
  std::unique_ptr<Timer> at(SteadyTime due, std::function<void()> task) override;

 private:
  boost::asio::io_context& context_;
};

}  // namespace responses_proxy
