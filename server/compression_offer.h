// Which compression a client's WebSocket gets (RFC 7692 section 7.1).
#pragma once

#include <optional>
#include <string>

#include "responses_proxy/headers.h"

namespace responses_proxy {

// The Sec-WebSocket-Extensions of the answer to a handshake; nothing: messages stay as they are.
std::optional<std::string> agreed_compression(const Headers& handshake);

}  // namespace responses_proxy
