// Phase "recall": who knows what the request continues, the conversation behind it if its resource
// does not keep that, and where its session sticks.
#pragma once

#include "core/task.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// Fills `affinity` and `history`. What the request names outright goes before what its input refers
// to.
Task<> recall(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
