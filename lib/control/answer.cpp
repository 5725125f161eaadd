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
      return Error::refused(413, "body_too_large",
                            fmt::format("{} takes bodies of at most {} bytes: send less at once.",
                                        request.path, kMaxBodyBytes));
    case 414:
      return Error::refused(414, "url_too_long",
                            fmt::format("The URL has more than {} bytes: ask with fewer or shorter "
                                        "parameters.",
                                        CPPHTTPLIB_REQUEST_URI_MAX_LENGTH));
    case 415:
      return Error::refused(
          415, "unsupported_media_type",
          fmt::format("The body of {} {} cannot be decoded: send JSON, without Content-Encoding.",
                      request.method, request.path));
    case 416:
      return Error::refused(416, "bad_request",
                            "Range cannot be read. Nothing here is given out in parts: leave it "
                            "out.");
    default:
      break;
  }
  if (status >= 500) return internal_error(status, request);
  return Error::refused(
      status, "bad_request",
      fmt::format("{} {} cannot be read as HTTP/1.1: look at its Content-Length or chunks, at its "
                  "header lines (each has at most {} bytes), and at what stands between the client "
                  "and this server.",
                  request.method, request.path, CPPHTTPLIB_HEADER_MAX_LENGTH));
}

Error internal_error(int status, const httplib::Request& request) {
  return Error::unavailable(
      status, "internal_error",
      fmt::format("The control plane failed at {} {}. Try again; if it goes on, report it as a "
                  "defect, with this line and what `rp-server --version` says.",
                  request.method, request.path));
}

Error too_many(std::string code, std::string message) {
  Error error = Error::refused(429, std::move(code), std::move(message));
  error.retry_after = Millis(1'000);
  return error;
}

}  // namespace responses_proxy::control
