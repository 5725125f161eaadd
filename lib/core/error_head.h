// The head of an answer that the proxy itself gives: its Error as JSON.
#pragma once

#include <cstddef>

#include "responses_proxy/error.h"
#include "responses_proxy/response_writer.h"

namespace responses_proxy {

// Status, content type and length, and what a status has to bring along: Retry-After,
// WWW-Authenticate, Allow, Upgrade.
// `body_bytes`: the length of error.to_json().
ResponseHead error_head(const Error& error, std::size_t body_bytes);

}  // namespace responses_proxy
