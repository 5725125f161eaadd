#include "server/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <thread>

namespace responses_proxy {

namespace {

sigset_t obeyed_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
  return set;
}

// Those whose default is to end the process and that come from outside.
void ignore_the_rest() {
  for (const int signal : {SIGPIPE, SIGALRM, SIGUSR2, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT,
                           SIGXCPU, SIGXFSZ}) {
    ::signal(signal, SIG_IGN);
  }
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) ::signal(signal, SIG_IGN);
}

}  // namespace

Signals::Signals() {
  const sigset_t obeyed = obeyed_signals();
  pthread_sigmask(SIG_BLOCK, &obeyed, nullptr);
  ignore_the_rest();
  signals_ = ::signalfd(-1, &obeyed, SFD_CLOEXEC);
  finished_ = ::eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || finished_ < 0) throw std::runtime_error("cannot wait for signals");
}

Signals::~Signals() {
  ::close(signals_);
  ::close(finished_);
}

Signals::Asked Signals::wait() {
  for (;;) {
    std::array<pollfd, 2> ready{{{finished_, POLLIN, 0}, {signals_, POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return Asked::finished;
    if (ready[0].revents != 0) return Asked::finished;
    signalfd_siginfo info{};
    if (ready[1].revents != 0 && ::read(signals_, &info, sizeof(info)) == sizeof(info)) {
      return meaning_of(static_cast<int>(info.ssi_signo));
    }
  }
}

Signals::Asked Signals::meaning_of(int signal) {
  if (signal == SIGHUP) return Asked::reload;
  if (signal == SIGUSR1) return Asked::reopen_log;
  if (draining_ && signal != SIGQUIT) return Asked::end;
  draining_ = true;
  return Asked::drain;
}

void Signals::finish() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(finished_, &one, sizeof(one));
}

void obey_signals(Signals& signals, const SignalActions& actions) {
  std::thread draining;
  for (;;) {
    switch (signals.wait()) {
      case Signals::Asked::reload:
        actions.reload();
        break;
      case Signals::Asked::reopen_log:
        actions.reopen_log();
        break;
      case Signals::Asked::drain:
        if (draining.joinable()) break;  // QUIT once more
        draining = std::thread([&] {
          actions.drain();
          signals.finish();
        });
        break;
      case Signals::Asked::end:
        actions.end();
        break;
      case Signals::Asked::finished:
        if (draining.joinable()) draining.join();
        return;
    }
  }
}

}  // namespace responses_proxy
