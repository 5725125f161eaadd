// socket-keeper PROGRAM ARGUMENT...: keeps a listening socket for a program and hears how far that
// is, as systemd does for a service with a socket unit and Type=notify.
//
// Prints "listening PORT" and "admin PORT". Then takes one command per line: start (the program,
// with the first socket), both (with both, the second one called "admin"), signal NUMBER, restart
// (SIGTERM, its end, and start). Prints "state NAME" for each thing that the
// program tells, and "ended STATUS" when it has ended. Ends with standard input.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

namespace {

constexpr int kFirstPassed = 3;
constexpr int kOutOfTheWay = 10;

int listening_socket(const char* name) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(socket, SOMAXCONN) != 0) {
    throw std::runtime_error("cannot listen");
  }
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  std::cout << name << ' ' << ntohs(address.sin_port) << std::endl;
  return socket;
}

// In the abstract namespace, under a name that the kernel chooses; it is exported.
int notify_socket() {
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)) != 0) {
    throw std::runtime_error("cannot be told");
  }
  socklen_t size = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string name(address.sun_path + 1, size - sizeof(sa_family_t) - 1);
  ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  return socket;
}

class Keeper {
 public:
  explicit Keeper(char** program) : program_(program) {}

  ~Keeper() {
    if (process_ > 0) end();
  }

  // Until standard input ends.
  void run() {
    std::string line;
    for (;;) {
      std::array<pollfd, 2> waits{{{STDIN_FILENO, POLLIN, 0}, {told_, POLLIN, 0}}};
      ::poll(waits.data(), waits.size(), -1);
      if (waits[1].revents != 0) hear();
      if (waits[0].revents == 0) continue;
      do {
        if (!std::getline(std::cin, line)) return;
        obey(line);
      } while (std::cin.rdbuf()->in_avail() > 0);
    }
  }

 private:
  void obey(const std::string& command) {
    if (command == "restart") end();
    if (command == "start" || command == "restart") return start(1);
    if (command == "both") return start(2);
    ::kill(process_, std::stoi(command.substr(command.find(' '))));
  }

  void start(int count) {
    process_ = ::fork();
    if (process_ != 0) return;
    // Out of the way first: either may stand where another one has to be.
    std::array<int, 2> copies{};
    for (std::size_t i = 0; i < copies.size(); ++i) {
      copies[i] = ::fcntl(sockets_[i], F_DUPFD_CLOEXEC, kOutOfTheWay);
    }
    for (int i = 0; i < count; ++i) {
      ::dup2(copies[static_cast<std::size_t>(i)], kFirstPassed + i);
    }
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", count == 1 ? "rp-server.socket" : "rp-server.socket:admin", 1);
    ::execv(program_[0], program_);
    ::_exit(127);
  }

  void end() {
    const int ended = static_cast<int>(::syscall(SYS_pidfd_open, process_, 0));
    ::kill(process_, SIGTERM);
    std::array<pollfd, 2> waits{{{ended, POLLIN, 0}, {told_, POLLIN, 0}}};
    do {
      ::poll(waits.data(), waits.size(), -1);
      while (hear()) {
      }
    } while (waits[0].revents == 0);
    ::close(ended);
    int status = 0;
    ::waitpid(process_, &status, 0);
    std::cout << "ended " << (WIFEXITED(status) ? WEXITSTATUS(status) : -1) << std::endl;
    process_ = 0;
  }

  bool hear() {
    std::array<char, 4096> buffer;
    const auto bytes = ::recv(told_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (bytes <= 0) return false;
    const std::string text(buffer.data(), static_cast<std::size_t>(bytes));
    std::cout << "state " << text.substr(0, text.find('=')) << std::endl;
    return true;
  }

  char** const program_;
  const std::array<int, 2> sockets_{listening_socket("listening"), listening_socket("admin")};
  const int told_ = notify_socket();
  pid_t process_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::ios::sync_with_stdio(false);
  Keeper(argv + 1).run();
  return 0;
}
