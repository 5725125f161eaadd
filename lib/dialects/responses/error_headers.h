// What an error that arrives inside an answer asks for: an event of a stream has no headers.
#pragma once

#include <simdjson.h>

#include "responses_proxy/request.h"

namespace responses_proxy {

// Those of `error.headers`, or of OpenRouter's `error.metadata.headers`, that say how long to stay
// away. Without any, what the error's own fields say (`resets_at`, `resets_in_seconds`), then its
// message: "Please try again in 1m1.5s" becomes `retry-after-ms: 61500`.
Headers headers_of_error(simdjson::dom::element error);

}  // namespace responses_proxy
