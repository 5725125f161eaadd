#include "server/inherited_sockets.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "config_values/value_parser.h"
#include "server/start_error.h"

namespace responses_proxy {

namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr int kMost = 64;
constexpr const char* kCount = "LISTEN_FDS";
constexpr const char* kAdmin = "admin";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

bool is_listening_tcp(int socket) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0) return false;
  int kind = 0;
  int family = 0;
  size = sizeof kind;
  ::getsockopt(socket, SOL_SOCKET, SO_TYPE, &kind, &size);
  size = sizeof family;
  ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return listening != 0 && kind == SOCK_STREAM && (family == AF_INET || family == AF_INET6);
}

// "a:b" -> the name at the position; names may be missing.
std::string_view name_at(std::string_view names, int position) {
  for (; position > 0; --position) {
    const auto colon = names.find(':');
    if (colon == std::string_view::npos) return {};
    names.remove_prefix(colon + 1);
  }
  return names.substr(0, names.find(':'));
}

}  // namespace

InheritedSockets take_inherited_sockets() {
  const std::string process = variable("LISTEN_PID");
  const std::string count_text = variable(kCount);
  const std::string names = variable("LISTEN_FDNAMES");
  for (const char* name : {"LISTEN_PID", kCount, "LISTEN_FDNAMES"}) ::unsetenv(name);
  // Meant for another process, which has left the variables behind.
  if (process != std::to_string(::getpid())) return {};
  const auto count = config::parse_integer(count_text);
  if (!count || *count < 1 || *count > kMost) {
    throw StartError(kCount, fmt::format("\"{}\" is not a number from 1 to {}", count_text, kMost));
  }
  InheritedSockets sockets;
  for (int i = 0; i < *count; ++i) {
    const int socket = kFirst + i;
    if (!is_listening_tcp(socket)) {
      throw StartError(kCount,
                       fmt::format("descriptor {} is not a listening TCP socket (the socket "
                                   "unit needs ListenStream= with a port, Accept=no)",
                                   socket));
    }
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    (name_at(names, i) == kAdmin ? sockets.admin : sockets.serving).push_back(socket);
  }
  if (sockets.serving.empty()) {
    throw StartError("LISTEN_FDNAMES", "has no socket but those called \"admin\"");
  }
  return sockets;
}

}  // namespace responses_proxy
