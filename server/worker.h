// `rp-server worker`: moves records from the Redis stream to the database until a signal comes.
#pragma once

#include <spdlog/logger.h>

#include <functional>
#include <memory>

#include "responses_proxy/config.h"

namespace responses_proxy {

// Returns the exit code of the process; 2 when there is no Redis to work for.
int run_worker(const Config& config, Millis claim_idle, const std::shared_ptr<spdlog::logger>& log,
               const std::function<void()>& wait_for_signal);

}  // namespace responses_proxy
