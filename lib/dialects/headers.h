// Which header fields pass through the proxy.
#pragma once

#include <array>
#include <string_view>

#include "core/event_stream.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

// The fields that carry a client's credentials.
inline constexpr std::array kCredentialFields = {
    FieldId::authorization, FieldId::proxy_authorization, FieldId::x_api_key,
    FieldId::api_key,       FieldId::x_goog_api_key,      FieldId::cookie};

// The client's fields without: hop-by-hop ones (RFC 9110 section 7.6.1), Host, Content-Length,
// credentials, the proxy's own (X-Proxy-*, X-Pool-ID), Expect (answered here), and Accept-Encoding:
// the answer has to be readable on its way through.
Headers forwarded_request_headers(const Headers& from_client);

// The upstream's fields without hop-by-hop ones, Content-Length, Access-Control-* (which pages may
// read an answer is for the proxy to say), what is true of its own host alone (Set-Cookie, Alt-Svc,
// Strict-Transport-Security) and X-Proxy-*, should it be a proxy of this kind. Its x-request-id
// becomes x-upstream-request-id: x-request-id is the id under which the proxy has the request on
// record.
Headers forwarded_response_headers(const Headers& from_upstream);

}  // namespace responses_proxy
