// LineWriter: appends lines to standard error or a file.
//
// Role       What logs are written with. The lines are written on a thread of the writer's own, so
//            that a slow terminal or disk delays nobody.
// Threads    write() and reopen() from any thread; the notes are called on the writer's own.
// Errors     The constructor throws std::runtime_error when the file cannot be opened. Later, lines
//            that cannot be written are left out: a note says why, and one how many there were,
//            once lines can be written again or nothing more comes.
// Blocking   Never; the destructor waits until the lines are written, kLastPatience at most if
//            nobody takes them.
// Limits     kMaxQueued lines wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "responses_proxy/clock.h"

namespace responses_proxy {

class LineWriter {
 public:
  static constexpr std::size_t kMaxQueued = 4'096;
  static constexpr Millis kLastPatience{2'000};

  // What the writer itself has to say: a line to be written, "" = none.
  struct Notes {
    std::function<std::string(std::size_t lines)> dropped;
    std::function<std::string(const std::string& problem)> unusable;  // the old file is kept
    std::function<void(const std::string& problem)> failing;          // lines are lost from now on
  };

  LineWriter(std::string path, Notes notes);  // "" = standard error
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  void write(std::string line);  // with its newline
  // The file has been moved away: later lines go to a new one of the same name. If that cannot be
  // made, the old one is kept, and a note says so.
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
  bool write_all(std::string_view bytes);
  void fail(int error);
  bool wait_until_writable();

  const std::string path_;
  const Notes notes_;
  int file_;              // the thread's own, like what follows
  bool failing_ = false;  // the last line could not be written
  bool torn_ = false;     // only its beginning was
  Millis waited_{0};      // for a reader, since the writer is to end
  std::mutex mutex_;
  std::condition_variable wake_;
  Work waiting_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace responses_proxy
