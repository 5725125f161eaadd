// SocketError: an `error` message of an upstream's socket, as the HTTP answer that it stands for.
#pragma once

#include <string>
#include <string_view>

#include "core/json_members.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

struct SocketError {
  int status = 0;
  std::string code;  // "" if it has none
  Headers headers;
  std::string body;
};

// `text`: the message, of which these are the members.
SocketError read_socket_error(const JsonMembers& message, std::string_view text);

}  // namespace responses_proxy
