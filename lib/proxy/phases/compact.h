// Between "hold back" and "stream": the attempt has only made the conversation shorter, because it
// was longer than the request wants it (`context_management`). The request itself is still to be
// sent, with what has become of the conversation.
#pragma once

#include "core/task.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// true: the summary is there, and the exchange goes on with a next attempt, which is no retry.
// false: the attempt was for the answer; or it has failed, and its error is the client's.
Task<bool> goes_on_compacted(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
