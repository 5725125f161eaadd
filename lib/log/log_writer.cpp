#include "log/log_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "log/log_line.h"

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

LogWriter::LogWriter(LogOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      file_(open_log(options_.path)),
      thread_([this] { run(); }) {}

LogWriter::~LogWriter() {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.last = true;
  }
  wake_.notify_one();
  thread_.join();
  if (file_ != STDERR_FILENO) ::close(file_);
}

void LogWriter::write(const LogEvent& event) {
  if (event.level < options_.level) return;
  std::string line = log_line(event, options_.format, clock_.wall());
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

void LogWriter::reopen() {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.reopen = true;
  }
  wake_.notify_one();
}

LogWriter::Work LogWriter::next() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return waiting_.last || waiting_.reopen || !waiting_.lines.empty(); });
  Work work = std::move(waiting_);
  waiting_ = {};
  waiting_.last = work.last;
  return work;
}

void LogWriter::run() {
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
    if (dropped == 0) continue;
    const LogEvent gap{LogLevel::error,
                       "log_lines_dropped",
                       fmt::format("{} lines of the log could not be written", dropped),
                       {{"lines", static_cast<std::int64_t>(dropped)}}};
    if (put(log_line(gap, options_.format, clock_.wall()))) dropped = 0;
  }
}

void LogWriter::open_anew() {
  if (options_.path.empty()) return;
  try {
    const int file = open_log(options_.path);
    ::close(std::exchange(file_, file));
  } catch (const std::runtime_error& error) {
    put(log_line({LogLevel::error,
                  "log_file_unusable",
                  fmt::format("the log stays where it is: {}", error.what()),
                  {{"problem", error.what()}}},
                 options_.format, clock_.wall()));
  }
}

bool LogWriter::put(std::string_view line) {
  while (!line.empty()) {
    if (!wait_until_writable()) return false;
    const ssize_t written = ::write(file_, line.data(), line.size());
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) return false;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// A pipe that nobody reads must not keep the process from ending.
bool LogWriter::wait_until_writable() {
  for (;;) {
    pollfd ready{file_, POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(kLook.count())) > 0) return true;
    const std::scoped_lock lock(mutex_);
    if (waiting_.last) waited_ += kLook;
    if (waited_ >= kLastPatience) return false;
  }
}

}  // namespace responses_proxy
