// `rp-server serve`: builds the server, says so, and runs it until the signals end it.
#pragma once

#include "log/log_writer.h"
#include "responses_proxy/config.h"
#include "server/options.h"
#include "server/signals.h"

namespace responses_proxy {

// The exit code of the process. Throws StartError or std::runtime_error when it cannot start.
int run_server(Config config, const Options& options, Signals& signals, LogWriter& log);

}  // namespace responses_proxy
