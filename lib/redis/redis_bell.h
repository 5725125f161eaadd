// RedisBell: one word between replicas, "there is something new".
//
// Role       A Redis stream of one entry. ring() adds one; whoever listens is told.
// Threads    ring() from any thread. A thread of its own listens, on which `heard` is called.
// Errors     Redis that cannot be reached rings nowhere, and is tried again after kPause: whoever
//            listens has to look now and then by itself.
// Blocking   ring() connects, up to kPatience. The destructor waits for the thread, up to that.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "redis/redis_url.h"
#include "responses_proxy/clock.h"

namespace responses_proxy {

class RedisBell {
 public:
  static constexpr Millis kPatience{500};
  static constexpr Millis kPause{5'000};

  RedisBell(RedisOptions options, std::string key, std::function<void()> heard);
  ~RedisBell();
  RedisBell(const RedisBell&) = delete;
  RedisBell& operator=(const RedisBell&) = delete;

  void ring();

 private:
  void run();
  void listen_until_lost();

  const RedisOptions options_;
  const std::string key_;
  const std::function<void()> heard_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace responses_proxy
