// SocketError: an `error` message of an upstream's socket, as the HTTP answer that it stands for.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/request.h"

namespace responses_proxy {

struct SocketError {
  int status = 0;
  std::string code;  // "" if it has none
  Headers headers;
  std::string body;
};

// `message`: one whose type is "error".
SocketError read_socket_error(std::string_view message);

}  // namespace responses_proxy
