// Writes a Conversation as a request of the Messages API.
// https://docs.anthropic.com/en/api/messages
#pragma once

#include <string>

#include "dialects/anthropic_messages/anthropic_messages.h"
#include "dialects/translation/conversation.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct AnthropicRequest {
  std::string body;
  // What could not be said as it was asked: "dropped: temperature; tool_choice: auto".
  std::string adjusted;
};

// Equal requests give equal bytes, and the messages come last: what a later turn adds stands behind
// what was there. `conversation`: its outputs are matched with their calls, and its effort becomes
// the one that is sent.
// Error: a part that this provider does not take; `param` says which.
Result<AnthropicRequest> anthropic_request(Conversation& conversation,
                                           const AnthropicTarget& target);
// The same for the endpoint that counts the tokens of such a request. It takes what counts alone:
// no limit, no stream, no sampling, nobody's name.
// https://docs.anthropic.com/en/api/messages-count-tokens
Result<AnthropicRequest> anthropic_count_request(Conversation& conversation,
                                                 const AnthropicTarget& target);

}  // namespace responses_proxy
