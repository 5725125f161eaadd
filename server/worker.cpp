#include "server/worker.h"

#include <fmt/format.h>

#include <cstdio>

#include "responses_proxy/telemetry_worker.h"

namespace responses_proxy {

int run_worker(const Config& config, Millis claim_idle, const std::shared_ptr<spdlog::logger>& log,
               const std::function<void()>& wait_for_signal) {
  if (config.redis_url.empty()) {
    fmt::print(stderr,
               "error: PROXY_REDIS_URL is not set: without Redis the server writes its records "
               "itself, and a worker has nothing to do\n");
    return 2;
  }
  TelemetryWorker worker(
      config, [log](const std::string& line) { log->warn(line); }, claim_idle);
  fmt::print("rp-server worker {} reads {}\n", worker.name(), config.telemetry_stream);
  std::fflush(stdout);
  wait_for_signal();
  worker.stop();
  const TelemetryWorkerStats stats = worker.stats();
  log->info("worker stopped: {} records written, {} entries set aside, {} taken over",
            stats.written, stats.poison, stats.claimed);
  return 0;
}

}  // namespace responses_proxy
