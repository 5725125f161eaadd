#include "upstream/kept_sockets.h"

#include <sys/socket.h>

namespace responses_proxy {

void KeptSockets::forget(int socket) {
  std::erase_if(sockets_, [socket](const auto& entry) { return entry.second == socket; });
}

bool KeptSockets::is_silent(std::uint16_t local_port) const {
  const auto found = sockets_.find(local_port);
  if (found == sockets_.end()) return true;
  char byte = 0;
  // An error or the end is curl's to find: it has a request to send.
  return ::recv(found->second, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

}  // namespace responses_proxy
