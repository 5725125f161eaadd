#include "upstream/native/wire.h"

#include <sys/socket.h>

#include <cerrno>

namespace responses_proxy {

namespace {

bool would_wait(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

WireResult PlainWire::read(std::span<char> to) {
  const ssize_t got = ::recv(socket_, to.data(), to.size(), MSG_DONTWAIT);
  if (got > 0) {
    const auto bytes = static_cast<std::size_t>(got);
    const bool full = bytes == to.size();
    return {WireState::done, bytes, full, !full};
  }
  if (got == 0) return {WireState::ended};
  if (!would_wait(errno)) return {WireState::failed};
  return {.state = WireState::wants_read, .drained = true};
}

WireResult PlainWire::write(std::span<const iovec> parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());  // the kernel does not change it
  message.msg_iovlen = parts.size();
  const ssize_t sent = ::sendmsg(socket_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return {WireState::done, static_cast<std::size_t>(sent)};
  return {would_wait(errno) ? WireState::wants_write : WireState::failed};
}

}  // namespace responses_proxy
