// The target of a request line (RFC 9112 section 3.2).
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/result.h"

namespace responses_proxy {

struct RequestTarget {
  std::string path;       // begins with "/"; "*" for OPTIONS * alone
  std::string query;      // without "?"
  std::string authority;  // of the absolute-form: takes the place of Host; "" otherwise
};

// Origin-form ("/path?query") or absolute-form ("http://host/path"); "*" with OPTIONS only. Error:
// 400 for any other form, a fragment, bytes that must be percent-encoded, a bad authority, and for
// paths that are refused (core/request_path.h).
Result<RequestTarget> parse_request_target(std::string_view method, std::string_view target);

}  // namespace responses_proxy
