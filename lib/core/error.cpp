#include "responses_proxy/error.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"

namespace responses_proxy {

Error Error::invalid_request(std::string code, std::string message, std::string param) {
  return refused(400, std::move(code), std::move(message), std::move(param));
}

Error Error::refused(int status, std::string code, std::string message, std::string param) {
  return {.status = status,
          .type = "invalid_request_error",
          .code = std::move(code),
          .message = std::move(message),
          .param = std::move(param),
          .retry_after = {}};
}

Error Error::rate_limited(std::string message, std::string code) {
  return {.status = 429,
          .type = "rate_limit_error",
          .code = std::move(code),
          .message = std::move(message),
          .param = {},
          .retry_after = {}};
}

Error Error::unavailable(int status, std::string code, std::string message) {
  return {.status = status,
          .type = "server_error",
          .code = std::move(code),
          .message = std::move(message),
          .param = {},
          .retry_after = {}};
}

std::string Error::to_json() const {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
  };
  return dump(Json{{"error",
                    {{"message", message},
                     {"type", type},
                     {"param", text_or_null(param)},
                     {"code", text_or_null(code)}}}});
}

}  // namespace responses_proxy
