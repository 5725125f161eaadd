#include "core/socket_read_buffer.h"

#include <vector>

namespace responses_proxy {

std::span<char> socket_read_buffer() {
  static thread_local std::vector<char> buffer(kSocketReadBytes);
  return buffer;
}

}  // namespace responses_proxy
