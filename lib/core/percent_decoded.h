// Percent-encoding of URLs (RFC 3986 section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace responses_proxy {

// Nothing if a "%" is not followed by two hexadecimal digits, or they mean NUL.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace responses_proxy
