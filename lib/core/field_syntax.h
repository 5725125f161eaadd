// What a header field may look like, whatever brought it: a head, or a message of a WebSocket.
#pragma once

#include <string_view>

namespace responses_proxy {

// RFC 9110 section 5.6.2: a token. Methods are tokens as well.
bool is_field_name(std::string_view text);

// RFC 9110 section 5.5: no control characters but tab; what is not ASCII passes as it is.
bool is_field_value(std::string_view text);

// Nothing in it ends a line, or a text.
bool is_in_one_line(std::string_view text);

}  // namespace responses_proxy
