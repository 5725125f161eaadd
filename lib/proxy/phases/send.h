// Phase "send": the attempt is on its way.
#pragma once

#include "proxy/phases/translate.h"

namespace responses_proxy::phases {

// Fills `attempt`, and tells of the decision.
void send(ExchangeContext& exchange, Sending sending);

}  // namespace responses_proxy::phases
