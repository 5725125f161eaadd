// A log without secrets, whatever the texts of providers and libraries hold.
#pragma once

#include "responses_proxy/config.h"
#include "responses_proxy/log.h"

namespace responses_proxy {

// Passes events on with the configured keys and tokens, and what looks like one, as "***".
Log masked_log(const Config& config, Log log);

}  // namespace responses_proxy
