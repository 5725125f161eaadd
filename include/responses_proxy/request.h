// Request: one downstream HTTP request, already read from the wire.
//
// Role       What a host hands to Proxy::handle. The body is kept as the client's bytes, in the
//            string it came in.
// Ownership  Plain values; moved into the exchange.
// Limits     The host bounds header and body sizes before it builds a Request.
#pragma once

#include <cstddef>
#include <string>

#include "responses_proxy/export.h"
#include "responses_proxy/headers.h"

namespace RP_PUBLIC responses_proxy {

struct Request {
  // So much spare capacity behind `body`, and it is read where it stands; without, it gets it
  // first, which may move it once.
  static constexpr std::size_t kBodyPadding = 64;

  std::string method;  // "POST"
  std::string path;    // "/v1/responses", as sent (percent-encoding untouched), without the query
  std::string query;   // without "?"
  Headers headers;
  std::string body;
  std::string peer;  // client address for the log, "" if unknown
};

}  // namespace responses_proxy
