// LogWriter: writes events as lines to standard error or a file.
//
// Role       The Log of rp-server. log() may be handed to whatever tells; the lines are written on
//            a thread of the writer's own, so that a slow terminal or disk delays nobody.
// Threads    Everything from any thread.
// Ownership  Outlives whoever has its log().
// Errors     The constructor throws std::runtime_error when the file cannot be opened. Later, lines
//            that cannot be written are left out, and how many is the next line that can be.
// Blocking   Never; the destructor waits until the lines are written, kLastPatience at most if
//            nobody takes them.
// Limits     kMaxQueued lines wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "responses_proxy/clock.h"
#include "responses_proxy/config.h"
#include "responses_proxy/log.h"

namespace responses_proxy {

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  std::string path;  // "" = standard error
};

class LogWriter {
 public:
  static constexpr std::size_t kMaxQueued = 4'096;
  static constexpr Millis kLastPatience{2'000};

  LogWriter(LogOptions options, const Clock& clock);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void write(const LogEvent& event);
  Log log() {
    return [this](const LogEvent& event) { write(event); };
  }
  // The file has been moved away: later lines go to a new one of the same name. If that cannot be
  // made, the old one is kept, and the log says so.
  void reopen();

 private:
  // What the thread is to do next.
  struct Work {
    std::deque<std::string> lines;
    std::size_t dropped = 0;
    bool reopen = false;
    bool last = false;
  };

  void run();
  Work next();
  void open_anew();
  bool put(std::string_view line);
  bool wait_until_writable();

  const LogOptions options_;
  const Clock& clock_;
  int file_;          // the thread's own, like what follows
  Millis waited_{0};  // for a reader, since the writer is to end
  std::mutex mutex_;
  std::condition_variable wake_;
  Work waiting_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace responses_proxy
