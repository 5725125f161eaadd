#include "control/answer.h"

#include <fmt/format.h>

namespace responses_proxy::control {

void send_json(httplib::Response& response, const Json& json, int status) {
  response.status = status;
  response.set_header("Cache-Control", "no-store");
  response.set_content(dump(json), "application/json");
}

void send_error(httplib::Response& response, const Error& error) {
  response.status = error.status;
  response.set_header("Cache-Control", "no-store");
  if (error.retry_after > Millis::zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(error.retry_after).count();
    response.set_header("Retry-After", std::to_string(seconds));
  }
  response.set_content(error.to_json(), "application/json");
}

Error error_of_status(int status, const httplib::Request& request) {
  switch (status) {
    case 404:
      return Error::refused(
          404, "unknown_path",
          fmt::format("There is no {} here; /docs lists what there is.", request.path));
    case 413:
      return Error::refused(413, "body_too_large", "The request body is too large.");
    case 414:
      return Error::refused(414, "url_too_long", "The URL of the request is too long.");
    default:
      break;
  }
  if (status >= 500) return Error::unavailable(status, "internal_error", "The request failed.");
  return Error::refused(status, "bad_request", "The request is not valid HTTP.");
}

Error too_many(std::string code, std::string message) {
  Error error = Error::refused(429, std::move(code), std::move(message));
  error.retry_after = Millis(1'000);
  return error;
}

}  // namespace responses_proxy::control
