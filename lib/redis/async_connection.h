// AsyncConnection: one connection to Redis on one event loop; comes back by itself.
//
// Role       Logs in, pipelines commands, gives each up after its budget, and reconnects with
//            growing pauses. It counts as connected only after Redis has accepted a write, so a
//            read-only replica, a server out of memory and a wrong password are all "not there".
// Threads    All on the loop's thread, callbacks included; the constructor and the destructor also
//            while the loop does not run. connected() and prompt() from any thread.
// Ownership  The loop, the random source and whatever the callbacks use outlive it. The destructor
//            drops unanswered callbacks without calling them.
// Errors     An answer without a reply: not connected, no answer in time, connection lost, or too
//            many commands waiting. Error replies are handed on like any other.
// Blocking   Never.
// Limits     kMaxWaiting commands and kMaxQueuedBytes wait for Redis at any time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "redis/redis_url.h"
#include "redis/reply.h"
#include "redis/session.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/random.h"

namespace responses_proxy {

// How long a command may take.
enum class Patience : std::uint8_t {
  budget,      // somebody waits: the budget, then no answer
  connection,  // until the connection is given up
};

class AsyncConnection : private RedisSessionOwner {
 public:
  static constexpr std::size_t kMaxWaiting = 8192;
  static constexpr std::size_t kMaxQueuedBytes = 16'777'216;
  static constexpr Millis kGiveUp{1'000};  // Redis has not answered for so long: start anew
  static constexpr Millis kConnectTimeout{2'000};
  static constexpr Millis kFirstPause{100};  // before connecting again; doubles up to kLongestPause
  static constexpr Millis kLongestPause{2'000};
  static constexpr Millis kProbeEvery{200};  // while Redis is late
  static constexpr Millis kLateFor{1'000};   // after an answer over the budget

  using Answer = std::function<void(const redisReply* reply)>;
  // "" = works; else what is wrong, free of secrets. Called when that changes.
  using OnChange = std::function<void(const std::string& problem)>;

  AsyncConnection(EventLoop& loop, RedisOptions options, Millis budget, Random& random,
                  OnChange on_change);
  ~AsyncConnection() override;
  AsyncConnection(const AsyncConnection&) = delete;
  AsyncConnection& operator=(const AsyncConnection&) = delete;

  // Connects for the first time; from any thread.
  void start();

  bool connected() const { return connected_.load(std::memory_order_relaxed); }
  // Connected, and answers have come within the budget of late: waiting for one makes sense.
  bool prompt() const { return prompt_.load(std::memory_order_relaxed); }
  // Answers that came too late or not at all.
  std::uint64_t timeouts() const { return timeouts_.load(std::memory_order_relaxed); }

  // The answer is called exactly once, inline if the command cannot be sent.
  void send(std::span<const std::string_view> command, Patience patience, Answer answer);
  void send(std::initializer_list<std::string_view> command, Patience patience, Answer answer) {
    send(std::span(command.begin(), command.size()), patience, std::move(answer));
  }

 private:
  void logged_in() override;
  void lost(const std::string& problem) override;
  void late(bool first_time) override;
  void in_time() override;

  void connect();
  void probe();
  void report(const std::string& problem);

  EventLoop& loop_;
  const RedisOptions options_;
  const Millis budget_;
  Random& random_;
  const OnChange on_change_;
  std::shared_ptr<RedisSession> session_;
  std::unique_ptr<Timer> reconnect_;
  std::unique_ptr<Timer> next_probe_;
  Millis next_pause_ = kFirstPause;
  SteadyTime late_until_{};
  std::string problem_ = "not connected yet";
  std::atomic<bool> connected_{false};
  std::atomic<bool> prompt_{false};
  std::atomic<std::uint64_t> timeouts_{0};
  const std::shared_ptr<AsyncConnection*> alive_;  // what is posted looks here first
};

}  // namespace responses_proxy
