#include "server/deploy/run_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

extern char** environ;

namespace responses_proxy {

namespace {

class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

// In memory: what is sent there may be secret.
int open_input(const ProgramCall& call) {
  if (!call.input_file.empty()) return ::open(call.input_file.c_str(), O_RDONLY | O_CLOEXEC);
  const int file = ::memfd_create("input", MFD_CLOEXEC);
  std::string_view left = call.input;
  while (file >= 0 && !left.empty()) {
    const ssize_t written = ::write(file, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file >= 0) ::lseek(file, 0, SEEK_SET);
  return file;
}

std::string read_all(int file) {
  std::string output;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return output;
    const std::size_t room = ProgramResult::kMaxOutput - output.size();
    output.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
  }
}

int start(const ProgramCall& call, int input, int output, pid_t& process) {
  std::vector<std::string> words = call.words;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  const int error =
      ::posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

ProgramResult run_program(const ProgramCall& call) {
  ProgramResult result;
  const File input(open_input(call));
  std::array<int, 2> ends{-1, -1};
  if (input.number() < 0 || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    result.output = std::strerror(errno);
    return result;
  }
  const File from(ends[0]);
  File into(ends[1]);
  pid_t process = 0;
  const int error = start(call, input.number(), into.number(), process);
  into.close();
  if (error != 0) {
    result.output = call.words.front() + ": " + std::strerror(error);
    return result;
  }
  result.output = read_all(from.number());
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace responses_proxy
