// Headers in a message: what an HTTP client sends in the head of a request, a socket client puts
// into the message's client_metadata ("ws_request_header_traceparent").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/request.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct CarriedHeaders {
  static constexpr std::size_t kMaxHeaders = 200;
  static constexpr std::size_t kMaxBytes = 64 * 1024;  // of names and values

  Headers headers;  // those that a request may take upstream (dialects/headers.h)
  // client_metadata without the others; nullopt: there were none.
  std::optional<std::string> metadata;
};

// `metadata`: the JSON text of client_metadata, "" if there is none. Error: a value that no header
// can have, or too many of them.
Result<CarriedHeaders> read_carried_headers(std::string_view metadata);

}  // namespace responses_proxy
