// PostgresListener: hears what is notified on a channel of a PostgreSQL database.
//
// Role       A connection of its own, which waits; so it needs a session of its own: behind a pool
//            (PgBouncer) it does not listen, and whoever wants to know has to look now and then.
// Threads    One of its own, from start to stop; `heard` is called on it.
// Errors     A connection that cannot be made, or is lost, is made again after kPause; what was
//            notified meanwhile is not heard, so `heard` is called once after each connection.
// Blocking   The destructor waits for the thread: up to kLook, or a connection's time-out.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "responses_proxy/clock.h"

namespace responses_proxy {

class PostgresListener {
 public:
  static constexpr Millis kLook{200};
  static constexpr Millis kPause{5'000};

  // Throws StorageError for a URL that parse_postgres_url does not take.
  PostgresListener(const std::string& url, std::string channel, std::function<void()> heard);
  ~PostgresListener();
  PostgresListener(const PostgresListener&) = delete;
  PostgresListener& operator=(const PostgresListener&) = delete;

 private:
  void run();
  void listen_until_lost();

  std::string connection_;
  const std::string channel_;
  const std::function<void()> heard_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace responses_proxy
