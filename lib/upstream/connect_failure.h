// Why no connection came about, in one language for both HTTP clients and WebSocket.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

// Where private addresses are not allowed.
inline constexpr std::string_view kPrivateAddress =
    "a private address, which PROXY_ALLOW_PRIVATE_UPSTREAMS=false forbids";

struct ConnectFailure {
  UpstreamError error = UpstreamError::connect;
  std::string detail;  // for people: what failed, where, and the system's reason
};

// What an errno of connect() or socket() means.
UpstreamError error_of_errno(int error);

// `url`: where it was to go; `reason`: the library's words. When this process has no descriptor
// left it is that, whatever a library made of it.
ConnectFailure connect_failure(UpstreamError error, const std::string& url,
                               std::string_view reason);

}  // namespace responses_proxy
