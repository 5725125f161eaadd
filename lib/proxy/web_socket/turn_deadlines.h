// TurnDeadlines: the time-outs of an attempt that travels over a WebSocket; HTTP has its own.
#pragma once

#include <functional>
#include <memory>

#include "responses_proxy/timers.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

class TurnDeadlines {
 public:
  // `on_expired` is called once, with first_byte_timeout, idle_timeout or total_timeout; it may
  // destroy this object. All times count from here.
  TurnDeadlines(Timers& timers, const UpstreamTimeouts& limits,
                std::function<void(UpstreamError)> on_expired);

  void start() { watch(); }
  void stop() { timer_.reset(); }
  void on_heard() { last_heard_ = timers_.now(); }
  // The answer has begun.
  void on_begun() { begun_ = true; }
  // While the client does not read, the upstream's silence says nothing.
  void pause() { paused_ = true; }
  void resume();

 private:
  void watch();
  UpstreamError expired(SteadyTime at) const;

  Timers& timers_;
  const UpstreamTimeouts limits_;
  const std::function<void(UpstreamError)> on_expired_;
  const SteadyTime started_;
  SteadyTime last_heard_;
  bool begun_ = false;
  bool paused_ = false;
  std::unique_ptr<Timer> timer_;
};

}  // namespace responses_proxy
