// Everything: a Runtime, started and stopped.
#include <cstdio>

#include "responses_proxy/responses_proxy.h"

using namespace responses_proxy;

int main() {
  Config config;
  config.database_url = Secret("sqlite:///uses_responses_proxy.db");
  config.telemetry_spool_bytes = 0;
  config.routing_cache_path = "uses_responses_proxy.json";
  config.io_threads = 1;
  config.health_check_enabled = false;
  Runtime runtime(config);
  runtime.start();
  std::printf("%zu loops, ABI of C %d\n", runtime.loops().size(), rp_abi());
  runtime.drain();
  runtime.stop();
  return 0;
}
