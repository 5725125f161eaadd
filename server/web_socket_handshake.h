// What makes an HTTP request the opening handshake of a WebSocket (RFC 6455 section 4.2.1).
#pragma once

#include <optional>

#include "responses_proxy/error.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

bool asks_for_socket(const Request& request);
// Why such a request cannot become a WebSocket; status 426 when only the version is wrong.
std::optional<Error> handshake_problem(const Request& request);

}  // namespace responses_proxy
