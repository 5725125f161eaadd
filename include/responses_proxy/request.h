// Request: one downstream HTTP request, already read from the wire.
//
// Role       What a host hands to Proxy::handle. The body is kept as the client's bytes, in the
//            string it came in, and read where it stands.
// Ownership  Plain values; moved into the exchange.
// Limits     The host bounds header and body sizes before it builds a Request.
#pragma once

#include <string>

#include "responses_proxy/export.h"
#include "responses_proxy/headers.h"

namespace RP_PUBLIC responses_proxy {

struct Request {
  std::string method;  // "POST"
  std::string path;    // "/v1/responses", as sent (percent-encoding untouched), without the query
  std::string query;   // without "?"
  Headers headers;
  std::string body;
  std::string peer;  // client address for the log, "" if unknown
};

}  // namespace responses_proxy
