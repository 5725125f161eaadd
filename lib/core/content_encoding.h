// Decodes compressed request bodies: gzip, deflate and zstd, with a bound against bombs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "responses_proxy/result.h"

namespace responses_proxy {

// `encoding` is a Content-Encoding field value; several encodings are undone from the last to the
// first (RFC 9110 section 8.4). Errors: 415 for an encoding that is not known, 400 for a body that
// is not what its encoding says, 413 as soon as more than `max_bytes` would come out.
Result<std::string> decode_content(std::string_view encoding, std::string_view body,
                                   std::size_t max_bytes);

}  // namespace responses_proxy
