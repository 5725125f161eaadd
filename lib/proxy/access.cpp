#include "proxy/access.h"

#include <algorithm>

namespace responses_proxy {

bool may_use_proxy(const Config& config, const Headers& headers) {
  if (config.client_tokens.empty()) return true;
  std::string_view given = headers.get("authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (!equals_ignore_case(given.substr(0, kBearer.size()), kBearer)) return false;
  given.remove_prefix(kBearer.size());
  return std::any_of(config.client_tokens.begin(), config.client_tokens.end(),
                     [given](const Secret& token) { return token.equals(given); });
}

}  // namespace responses_proxy
