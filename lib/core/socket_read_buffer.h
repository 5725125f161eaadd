// What a loop reads a socket's bytes into, whosever they are: used up or kept elsewhere before the
// next read, so that no socket has a buffer of its own.
#pragma once

#include <cstddef>
#include <span>

namespace responses_proxy {

inline constexpr std::size_t kSocketReadBytes = 64 * 1024;

// The same one for all of a thread's sockets. Nobody reads inside a call of whom bytes in it are
// handed to.
std::span<char> socket_read_buffer();

}  // namespace responses_proxy
