// The Responses API over WebSocket: each message is one event, or an error in place of an answer.
// https://platform.openai.com/docs/guides/websocket-mode
#pragma once

#include "responses_proxy/dialect.h"

namespace responses_proxy {

class ResponsesSocket final : public SocketDialect {
 public:
  std::optional<UpstreamMessage> read(std::string_view json) const override;
  SocketRefusal refusal(const UpstreamMessage& message) const override;
};

}  // namespace responses_proxy
