#include "proxy/token_gate.h"

#include <algorithm>
#include <string_view>

namespace responses_proxy {

namespace {

// "" = there is none.
std::string_view bearer_token(const Headers& headers) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view given = headers.get("authorization");
  if (!equals_ignore_case(given.substr(0, kBearer.size()), kBearer)) return {};
  return given.substr(kBearer.size());
}

}  // namespace

Result<Caller> TokenGate::admit(const Request& request) {
  if (tokens_.empty()) return Caller{};
  const std::string_view given = bearer_token(request.headers);
  const auto known =
      std::find_if(tokens_.begin(), tokens_.end(), [given](const ClientToken& token) {
        return !token.secret.empty() && token.secret.equals(given);
      });
  if (known != tokens_.end()) return Caller{known->name};
  return Error::refused(
      401, "invalid_api_key",
      "This proxy needs one of its client tokens: Authorization: Bearer <token>.");
}

}  // namespace responses_proxy
