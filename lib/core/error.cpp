#include "responses_proxy/error.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"

namespace responses_proxy {

Error Error::invalid_request(std::string code, std::string message, std::string param) {
  return {400, "invalid_request_error", std::move(code), std::move(message), std::move(param), {}};
}

Error Error::unavailable(int status, std::string code, std::string message) {
  return {status, "server_error", std::move(code), std::move(message), {}, {}};
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
