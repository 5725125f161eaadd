// Phase "record": on every path, last. Nothing waits for where the record goes.
#pragma once

#include "core/task.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

Task<> record(ExchangeContext& exchange);

// The resource's state learns what the attempt has shown; the first call counts.
void judge_attempt(ExchangeContext& exchange, const UpstreamFault& fault);

// Puts the current attempt on record; its transfer ends.
void close_attempt(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
