// How the control plane answers: JSON, and errors in the shape of the data plane's.
#pragma once

#include <httplib.h>

#include "core/json.h"
#include "responses_proxy/error.h"

namespace responses_proxy::control {

// What it takes of a body.
inline constexpr std::size_t kMaxBodyBytes = 1024 * 1024;

void send_json(httplib::Response& response, const Json& json, int status = 200);
void send_error(httplib::Response& response, const Error& error);

// For what the HTTP library refuses by itself: no path that matches, a body that is too large.
Error error_of_status(int status, const httplib::Request& request);
// For what a handler does not expect.
Error internal_error(int status, const httplib::Request& request);
// 429, to come back in a second.
Error too_many(std::string code, std::string message);

}  // namespace responses_proxy::control
