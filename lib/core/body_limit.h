// What a body that is larger than PROXY_MAX_BODY_BYTES is refused with.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

#include "responses_proxy/error.h"

namespace responses_proxy {

// 413, naming the limit.
inline Error body_too_large(std::uint64_t max_bytes, std::string_view what = "request body") {
  return Error::refused(413, "body_too_large",
                        fmt::format("The {} is too large; at most {} bytes are taken "
                                    "(PROXY_MAX_BODY_BYTES).",
                                    what, max_bytes));
}

}  // namespace responses_proxy
