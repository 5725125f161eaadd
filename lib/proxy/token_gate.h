// TokenGate: the Gate over PROXY_CLIENT_TOKENS.
#pragma once

#include <vector>

#include "responses_proxy/config.h"
#include "responses_proxy/gate.h"

namespace responses_proxy {

class TokenGate final : public Gate {
 public:
  // The tokens outlive the gate. None: everybody may, and is nobody in particular.
  explicit TokenGate(const std::vector<ClientToken>& tokens) : tokens_(tokens) {}

  // The caller whose token stands in `Authorization: Bearer`; 401 for any other.
  Result<Caller> admit(const Request& request) override;

 private:
  const std::vector<ClientToken>& tokens_;
};

}  // namespace responses_proxy
