// Signals: what the operator asks of the process, in the order it is asked.
//
//   TERM, INT            drain; the second one: end at once
//   QUIT                 drain
//   HUP                  reload what is read from files, the log file included
//   USR1                 open the log file anew
//   everything else that would end a process from outside (PIPE, ALRM, USR2, XFSZ, real-time
//   signals, ...) is ignored: a stray one must not cut streams. Crashes (SEGV, ABRT, ...) and
//   job control stay as they are.
#pragma once

#include <functional>

namespace responses_proxy {

class Signals {
 public:
  enum class Asked { drain, end, reload, reopen_log, finished };

  // Before any thread is started: threads inherit that they do not take signals. Throws
  // std::runtime_error when the system has no descriptor left.
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Waits for the next one. TERM and INT are `end` once `drain` has been returned.
  Asked wait();
  // Makes wait() return `finished`; from any thread.
  void finish();

 private:
  Asked meaning_of(int signal);

  int signals_;   // a signalfd
  int finished_;  // an eventfd
  bool draining_ = false;
};

struct SignalActions {
  std::function<void()> reload;
  std::function<void()> reopen_log;
  std::function<void()> drain;  // takes its time, on a thread of its own
  std::function<void()> end;    // while it does: hurry it
};

// Does what the signals ask for until the process has drained.
void obey_signals(Signals& signals, const SignalActions& actions);

}  // namespace responses_proxy
