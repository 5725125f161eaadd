// BrowserGuard: which pages in browsers may use a server that browsers can reach.
//
// A page of any site can send requests to a server on its visitor's machine or network. Two rules
// keep it from doing so; programs (Codex, SDKs, curl) send no Origin and do not notice them.
//   Origin   A request of a page of another site is refused, unless its origin is allowed; then it
//            gets CORS answers (https://fetch.spec.whatwg.org/#http-cors-protocol).
//   Host     A name that somebody else's DNS can point here (DNS rebinding) makes another page look
//            like our own. On a loopback address only names of loopback are ours, and what is
//            allowed; elsewhere the rule holds once names are allowed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "responses_proxy/error.h"
#include "responses_proxy/request.h"
#include "responses_proxy/response_writer.h"

namespace responses_proxy {

// "https://app.example:8443": scheme and host in lower case, without the scheme's own port. None if
// it is no origin ("null" is none).
std::optional<std::string> normal_origin(std::string_view text);

class BrowserGuard {
 public:
  struct Rules {
    std::vector<std::string> allowed_origins;  // each a normal_origin()
    std::vector<std::string> allowed_hosts;    // names or addresses, without port
    bool loopback = false;                     // the server listens on loopback only
    bool tls = false;                          // the server itself speaks TLS
  };
  BrowserGuard() = default;
  explicit BrowserGuard(Rules rules) : rules_(std::move(rules)) {}

  // 403 `origin_not_allowed` or `host_not_allowed`; none: serve it.
  std::optional<Error> refusal(const Request& request) const;
  // The answer to a preflight of an allowed page; none if the request is something else.
  std::optional<ResponseHead> preflight(const Request& request) const;
  // What lets an allowed page read the answer; for others that the answer depends on the origin.
  Headers answer_fields(const Request& request) const;

 private:
  bool allows_host(std::string_view host) const;
  bool allows_origin(std::string_view origin) const;
  std::optional<Error> origin_refusal(const Request& request) const;

  Rules rules_;
};

}  // namespace responses_proxy
