// Error: what the proxy itself answers when it cannot serve a request.
//
// Role       The OpenAI error object plus its HTTP status. Upstream errors are not turned into
//            this: they pass through as they came.
// Source     https://platform.openai.com/docs/guides/error-codes: {"error":{"message","type",
//            "param","code"}}, all four keys always present.
// Limits     Texts never contain credentials; client input is quoted only after escaping.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

struct Error {
  int status = 500;       // HTTP status
  std::string type;       // "invalid_request_error", "server_error", ...
  std::string code;       // machine-readable, "" is sent as null
  std::string message;    // what was wrong, where, what to do
  std::string param;      // the offending field, "" is sent as null
  Millis retry_after{0};  // > 0: sent as Retry-After, rounded up to whole seconds
  std::string allow{};    // of a 405: the methods that are taken, "GET, HEAD"

  // 400 with type invalid_request_error.
  static Error invalid_request(std::string code, std::string message, std::string param = {});
  // Any other status with type invalid_request_error.
  static Error refused(int status, std::string code, std::string message, std::string param = {});
  // 429 with type rate_limit_error: there is to be a pause.
  static Error rate_limited(std::string message, std::string code = "rate_limit_exceeded");
  // 5xx with type server_error.
  static Error unavailable(int status, std::string code, std::string message);

  // {"error":{...}}; any bytes in the fields come out as valid JSON.
  std::string to_json() const;
};

}  // namespace responses_proxy
