// Phase "pick": which target serves the next attempt.
#pragma once

#include "responses_proxy/lease.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// Error: every target is out, or the one that alone can serve the request.
Result<Lease> pick(const ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
