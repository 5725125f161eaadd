#include "core/error_head.h"

#include <string>

namespace responses_proxy {

ResponseHead error_head(const Error& error, std::size_t body_bytes) {
  ResponseHead head;
  head.status = error.status;
  head.content_length = body_bytes;
  head.headers.add("content-type", "application/json");
  if (error.retry_after > Millis::zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(error.retry_after);
    head.headers.add("retry-after", std::to_string(seconds.count()));
  }
  if (error.status == 401) head.headers.add("www-authenticate", "Bearer");
  if (error.status == 405) head.headers.add("allow", error.allow);
  if (error.status == 426) {  // names what to change to (RFC 9110 section 15.5.22)
    head.headers.add("connection", "upgrade");
    head.headers.add("upgrade", "websocket");
    head.headers.add("sec-websocket-version", "13");
  }
  return head;
}

}  // namespace responses_proxy
