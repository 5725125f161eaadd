// The sockets of HTTP/1 connections that curl keeps for another request, by their local port.
//
// What has arrived on one since its last answer belongs to no request: it would be taken for the
// answer of the next. curl itself looks for that from 8.1 on.
#pragma once

#include <cstdint>
#include <unordered_map>

namespace responses_proxy {

class KeptSockets {
 public:
  // An answer has ended on it, and it may be used again.
  void keep(std::uint16_t local_port, int socket) { sockets_[local_port] = socket; }
  // To be called for every socket that is closed.
  void forget(int socket);
  // Nothing has arrived on it. Also true of a socket that is not known here.
  bool is_silent(std::uint16_t local_port) const;

 private:
  std::unordered_map<std::uint16_t, int> sockets_;  // open ones only
};

}  // namespace responses_proxy
