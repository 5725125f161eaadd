#include "server/web_socket_handshake.h"

#include <algorithm>
#include <boost/beast/http/rfc7230.hpp>
#include <string>
#include <string_view>

namespace responses_proxy {

namespace {

// RFC 6455 section 11.3: neither of the two may stand twice in a request.
bool repeats(const Headers& headers, std::string_view name) {
  return std::count_if(headers.begin(), headers.end(), [name](const Header& field) {
           return equals_ignore_case(field.name, name);
         }) > 1;
}

bool lists(const Headers& headers, std::string_view name, std::string_view token) {
  return std::any_of(headers.begin(), headers.end(), [&](const Header& field) {
    return equals_ignore_case(field.name, name) &&
           boost::beast::http::token_list(field.value).exists({token.data(), token.size()});
  });
}

// 16 bytes in base64.
bool is_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  constexpr std::string_view kBase64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return key.find_first_not_of(kBase64) == 22;
}

}  // namespace

bool asks_for_socket(const Request& request) {
  return request.method == "GET" && lists(request.headers, "connection", "upgrade") &&
         lists(request.headers, "upgrade", "websocket");
}

std::optional<Error> handshake_problem(const Request& request) {
  for (const char* const name : {"Sec-WebSocket-Key", "Sec-WebSocket-Version"}) {
    if (!repeats(request.headers, name)) continue;
    return Error::invalid_request(
        "malformed_handshake",
        std::string("The WebSocket handshake has more than one ") + name + " header.", name);
  }
  if (request.headers.get("sec-websocket-version") != "13") {
    return Error::refused(426, "unsupported_websocket_version",
                          "Only version 13 of the WebSocket protocol is spoken here.",
                          "Sec-WebSocket-Version");
  }
  if (!is_key(request.headers.get("sec-websocket-key"))) {
    return Error::invalid_request(
        "malformed_handshake",
        "The WebSocket handshake needs a Sec-WebSocket-Key of 16 bytes in base64.",
        "Sec-WebSocket-Key");
  }
  if (!request.body.empty()) {
    return Error::invalid_request("malformed_handshake", "A WebSocket handshake has no body.");
  }
  return std::nullopt;
}

}  // namespace responses_proxy
