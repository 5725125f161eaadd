#include "log/line_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace responses_proxy {

namespace {

constexpr Millis kLook{100};  // how often a writer that nobody reads looks whether it is to end
constexpr ::mode_t kFileMode = 0640;

int open_log(const std::string& path) {
  if (path.empty()) return STDERR_FILENO;
  const int file =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, kFileMode);
  if (file < 0) {
    throw std::runtime_error(
        fmt::format("cannot open {}: {}", path, std::generic_category().message(errno)));
  }
  return file;
}

}  // namespace

LineWriter::LineWriter(std::string path, Notes notes)
    : path_(std::move(path)),
      notes_(std::move(notes)),
      file_(open_log(path_)),
      thread_([this] { run(); }) {}

LineWriter::~LineWriter() {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.last = true;
  }
  wake_.notify_one();
  thread_.join();
  if (file_ != STDERR_FILENO) ::close(file_);
}

void LineWriter::write(std::string line) {
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.lines.size() >= kMaxQueued) {
      ++waiting_.dropped;
      return;
    }
    waiting_.lines.push_back(std::move(line));
  }
  wake_.notify_one();
}

void LineWriter::reopen() {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.reopen = true;
  }
  wake_.notify_one();
}

LineWriter::Work LineWriter::next() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return waiting_.last || waiting_.reopen || !waiting_.lines.empty(); });
  Work work = std::move(waiting_);
  waiting_ = {};
  waiting_.last = work.last;
  return work;
}

void LineWriter::run() {
  // A reader that has gone is an error of write() alone.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  std::size_t dropped = 0;
  for (bool last = false; !last;) {
    Work work = next();
    last = work.last;
    dropped += work.dropped;
    if (work.reopen) open_anew();
    for (const std::string& line : work.lines) {
      if (!put(line)) ++dropped;
    }
    if (dropped > 0 && (!failing_ || last) && put(notes_.dropped(dropped))) dropped = 0;
  }
}

void LineWriter::open_anew() {
  if (path_.empty()) return;
  try {
    const int file = open_log(path_);
    ::close(std::exchange(file_, file));
  } catch (const std::runtime_error& error) {
    put(notes_.unusable(error.what()));
  }
}

bool LineWriter::put(std::string_view line) {
  if (line.empty()) return true;
  if (torn_ && !write_all("\n")) return false;
  torn_ = false;
  if (!write_all(line)) return false;
  failing_ = false;
  return true;
}

bool LineWriter::write_all(std::string_view bytes) {
  const std::size_t size = bytes.size();
  while (!bytes.empty()) {
    if (!wait_until_writable()) return false;
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) {
      torn_ = torn_ || bytes.size() < size;
      fail(errno);
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void LineWriter::fail(int error) {
  if (std::exchange(failing_, true)) return;
  notes_.failing(fmt::format("cannot write to {}: {}", path_.empty() ? "standard error" : path_,
                             std::generic_category().message(error)));
}

// A pipe that nobody reads must not keep the process from ending.
bool LineWriter::wait_until_writable() {
  for (;;) {
    pollfd ready{file_, POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(kLook.count())) > 0) return true;
    const std::scoped_lock lock(mutex_);
    if (waiting_.last) waited_ += kLook;
    if (waited_ >= kLastPatience) return false;
  }
}

}  // namespace responses_proxy
