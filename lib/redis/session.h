// RedisSession: one connection from the first byte to the last; AsyncConnection makes a new one
// each time.
//
// Threads    The loop's.
// Ownership  Kept alive by its pending I/O; after abandon() or its end it calls nobody.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "redis/redis_stream.h"
#include "redis/reply.h"
#include "responses_proxy/event_loop.h"

namespace responses_proxy {

// Whoever runs the session. lost() is the last call; the session is over before it.
class RedisSessionOwner {
 public:
  virtual ~RedisSessionOwner() = default;
  virtual void logged_in() = 0;
  virtual void lost(const std::string& problem) = 0;
  // An answer took longer than the budget, or did not. A late one is told of twice: when the time
  // is over, if somebody waits, and when it comes.
  virtual void late(bool first_time) = 0;
  virtual void in_time() = 0;
};

struct RedisSessionLimits {
  Millis budget;
  Millis connect_timeout;
  Millis give_up;  // without any answer for so long the session is over
  std::size_t max_waiting;
  std::size_t max_queued_bytes;
};

class RedisSession : public std::enable_shared_from_this<RedisSession> {
 public:
  using Answer = std::function<void(const redisReply* reply)>;

  RedisSession(EventLoop& loop, const RedisOptions& options, const RedisSessionLimits& limits,
               RedisSessionOwner& owner);

  // Connects and logs in.
  void start();
  // false: too much is waiting; the answer was not taken.
  bool send(std::span<const std::string_view> command, bool budgeted, Answer& answer);
  bool idle() const { return waiting_.empty(); }
  void abandon();

 private:
  struct Waiting {
    Answer answer;  // empty once the budget is over
    SteadyTime sent;
    bool budgeted;
  };
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };

  void log_in();
  void on_login(const redisReply* reply, bool last);
  void read();
  void write_soon();
  void write();
  void take_replies();
  void take(const redisReply& reply);
  void watch();
  void on_watch();
  void end(const std::string& problem);
  void enqueue(std::span<const std::string_view> command);

  EventLoop& loop_;
  Timers& timers_;
  const RedisOptions options_;
  const RedisSessionLimits limits_;
  RedisSessionOwner* owner_;  // null: over
  std::shared_ptr<RedisStream> stream_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  std::array<char, 16'384> input_;
  std::string queued_;   // to be written next
  std::string writing_;  // being written
  bool writes_ = false;  // or will before the loop waits again
  bool established_ = false;
  std::deque<Waiting> waiting_;  // in the order of their replies
  std::size_t looked_at_ = 0;    // so many of them have no budget left to run out
  std::unique_ptr<Timer> watch_;
  SteadyTime wakes_at_ = SteadyTime::max();
};

}  // namespace responses_proxy
