// `rp-server worker`: moves records from the Redis stream to the database until the signals end it.
#pragma once

#include "log/log_writer.h"
#include "responses_proxy/config.h"
#include "server/options.h"
#include "server/service_manager.h"
#include "server/signals.h"

namespace responses_proxy {

// The exit code of the process. Throws StartError when there is no Redis to work for.
int run_worker(const Config& config, const Options& options, Signals& signals, LogWriter& log,
               const ServiceManager& manager);

}  // namespace responses_proxy
