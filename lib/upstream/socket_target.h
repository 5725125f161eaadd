// Where a request or a WebSocket goes: the parts of an http(s) URL.
#pragma once

#include <optional>
#include <string>

namespace responses_proxy {

struct SocketTarget {
  bool tls = false;
  std::string host;       // to resolve and to verify: no brackets around an IPv6 address
  std::string port;       // a number, the scheme's own if the URL has none
  std::string authority;  // for the Host field
  std::string path;       // with the query
};

// Nothing if it is not an http or https URL.
std::optional<SocketTarget> parse_socket_target(const std::string& url);

}  // namespace responses_proxy
