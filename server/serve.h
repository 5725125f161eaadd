// `rp-server serve`: builds the server, says so, and runs it until the signals end it.
#pragma once

#include "log/log_writer.h"
#include "responses_proxy/config.h"
#include "server/inherited_sockets.h"
#include "server/options.h"
#include "server/service_manager.h"
#include "server/signals.h"

namespace responses_proxy {

// What the process was started with, beside its environment and its options.
struct Launch {
  InheritedSockets sockets;
  ServiceManager manager;
};

// The exit code of the process. Throws StartError or std::runtime_error when it cannot start.
int run_server(Config config, const Options& options, Signals& signals, LogWriter& log,
               const Launch& launch);

}  // namespace responses_proxy
