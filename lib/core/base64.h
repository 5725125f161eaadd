// Base64 (RFC 4648).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace responses_proxy {

// Section 4: "+", "/", padded.
std::string base64(std::string_view bytes);
// Section 5: "-", "_", not padded; fit for URLs, headers and JSON.
std::string base64url(std::string_view bytes);
// Of either alphabet, padded or not. Nothing if it is neither.
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace responses_proxy
