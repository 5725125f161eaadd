// Who may use the data plane.
#pragma once

#include "responses_proxy/config.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

// Whether the request carries one of the client tokens, or none is needed.
bool may_use_proxy(const Config& config, const Headers& headers);

}  // namespace responses_proxy
