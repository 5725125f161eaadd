#include "server/service_manager.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace responses_proxy {

namespace {

std::string notify_socket() {
  const char* value = std::getenv("NOTIFY_SOCKET");
  const std::string address = value == nullptr ? "" : value;
  ::unsetenv("NOTIFY_SOCKET");
  // A path, or a name in the abstract namespace.
  const bool usable = address.size() > 1 && (address[0] == '/' || address[0] == '@') &&
                      address.size() < sizeof(sockaddr_un{}.sun_path);
  return usable ? address : "";
}

// The manager compares it with its own clock (Type=notify-reload).
std::int64_t monotonic_microseconds() {
  std::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

ServiceManager::ServiceManager() : address_(notify_socket()) {}

void ServiceManager::ready() const {
  tell("READY=1");
}

void ServiceManager::reloading() const {
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
}

void ServiceManager::stopping() const {
  tell("STOPPING=1");
}

void ServiceManager::tell(const std::string& state) const {
  if (address_.empty()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';  // how the kernel writes it
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
           size);
  ::close(socket);
}

}  // namespace responses_proxy
