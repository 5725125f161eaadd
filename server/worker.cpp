#include "server/worker.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "config_values/url.h"
#include "responses_proxy/telemetry_worker.h"
#include "responses_proxy/version.h"
#include "server/start_check.h"
#include "server/start_error.h"

namespace responses_proxy {

namespace {

constexpr int kEndedAtOnce = 1;

LogEvent started(const Config& config, const TelemetryWorker& worker) {
  const std::string redis = config::mask_url(config.redis_url.reveal());
  const std::string database = config::mask_url(config.database_url.reveal());
  return {LogLevel::info,
          "started",
          fmt::format("rp-server {} worker {} moves records from {} at {} to {}", kVersion,
                      worker.name(), config.telemetry_stream, redis, database),
          {{"version", std::string(kVersion)},
           {"worker", worker.name()},
           {"stream", config.telemetry_stream},
           {"redis", redis},
           {"database", database}}};
}

LogEvent stopped(const TelemetryWorkerStats& stats) {
  return {LogLevel::info,
          "stopped",
          fmt::format("worker stopped: {} records written, {} entries set aside, {} taken over",
                      stats.written, stats.poison, stats.claimed),
          {{"written", static_cast<std::int64_t>(stats.written)},
           {"set_aside", static_cast<std::int64_t>(stats.poison)},
           {"taken_over", static_cast<std::int64_t>(stats.claimed)}}};
}

}  // namespace

int run_worker(const Config& config, const Options& options, Signals& signals, LogWriter& writer,
               const ServiceManager& manager) {
  if (config.redis_url.empty()) {
    throw StartError("PROXY_REDIS_URL",
                     "is not set: without Redis the server writes its records itself, and a worker "
                     "has nothing to do");
  }
  const Log log = writer.log();
  TelemetryWorkerOptions worker_options{.log = log};
  if (options.claim_idle_seconds) {
    worker_options.claim_idle = std::chrono::seconds(*options.claim_idle_seconds);
  }
  tell_of_database(config, log);
  TelemetryWorker worker(config, worker_options);
  fmt::print("rp-server worker {} reads {}\n", worker.name(), config.telemetry_stream);
  std::fflush(stdout);
  log(started(config, worker));
  manager.ready();

  SignalActions actions;
  actions.reopen_log = [&] { writer.reopen(); };
  actions.reload = [&] {
    manager.reloading();
    writer.reopen();
    manager.ready();
  };
  actions.drain = [&] {
    manager.stopping();
    worker.stop();
  };
  // What it has in hand is taken over by another worker.
  actions.end = [] { std::_Exit(kEndedAtOnce); };
  obey_signals(signals, actions);
  log(stopped(worker.stats()));
  return 0;
}

}  // namespace responses_proxy
