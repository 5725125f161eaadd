// The control plane without a Runtime, on a server of the host's.
#include <httplib.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "responses_proxy/control_plane.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/metrics.h"
#include "responses_proxy/record_queries.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/telemetry_sink.h"

using namespace responses_proxy;

namespace {

struct NoChecks final : HealthChecker {
  void start() override {}
  void stop() override {}
  void check_all(Callback callback) override { callback({}); }
  void check(std::string_view) override {}
};

struct NoRecords final : RecordQueries {
  Page<RequestRecord> requests(const RecordQuery&) override { return {}; }
  Page<DecisionRow> decisions(const RecordQuery&) override { return {}; }
  Page<SessionRow> sessions(const RecordQuery&) override { return {}; }
  std::vector<UsageRow> usage(UsageBy, const RecordQuery&) override { return {}; }
  std::optional<std::string> resource_of_response(const std::string&) override { return {}; }
};

}  // namespace

int main() {
  const Config config;
  const SystemClock clock;
  const auto state = make_memory_state_store(clock);
  TableRouter router(*state);
  NoChecks health;
  NoRecords records;
  NullTelemetrySink telemetry;
  Metrics metrics;
  const std::atomic<bool> draining{false};
  httplib::Server server;
  configure_control_server(server);
  mount_control_plane(server, {.config = config,
                               .clock = clock,
                               .router = router,
                               .state = *state,
                               .health = health,
                               .records = records,
                               .telemetry = telemetry,
                               .metrics = metrics,
                               .draining = draining});
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread serving([&server] { server.listen_after_bind(); });
  const auto answer = httplib::Client("127.0.0.1", port).Get("/healthz");
  server.stop();
  serving.join();
  std::printf("%d\n", answer ? answer->status : 0);
  return answer && answer->status == 200 ? 0 : 1;
}
