// SHA-256, for ids that must not tell what they were made from.
#pragma once

#include <string>
#include <string_view>

namespace responses_proxy {

// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace responses_proxy
