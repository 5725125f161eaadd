// Percent-encoding for URLs (RFC 3986 section 2.1).
#pragma once

#include <string>
#include <string_view>

namespace responses_proxy {

// Everything but unreserved characters is encoded: fit for any part of a URL.
std::string percent_encoded(std::string_view text);

}  // namespace responses_proxy
