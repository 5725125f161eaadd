// The two values that a WebSocket's handshake is made of (RFC 6455 section 4), and what a client
// needs to be unpredictable.
#pragma once

#include <string>
#include <string_view>

#include "web_socket/frame.h"

namespace responses_proxy {

// A new Sec-WebSocket-Key.
std::string new_socket_key();
// The Sec-WebSocket-Accept that answers it.
std::string socket_accept(std::string_view key);

// Section 5.3: a strong source, so that nobody who chooses a message can choose its bytes on the
// wire. Throws std::runtime_error if there is none.
MaskKey random_mask_key();

}  // namespace responses_proxy
