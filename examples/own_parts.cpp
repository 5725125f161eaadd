// Level 3 with parts of the host's own: its event loop, its HTTP client and its telemetry in place
// of the Runtime's; the rest, the control plane included, is the library's.
#include <httplib.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "example_host.h"

using namespace responses_proxy;

namespace {

class OwnTelemetry final : public TelemetrySink {
 public:
  void record(RequestRecord record) noexcept override {
    std::printf("recorded: %s, %d\n", record.model.c_str(), record.status_code);
    ++recorded_;
  }
  bool flush(Millis) override { return true; }
  TelemetryStats stats() const override { return {.recorded = recorded_, .written = recorded_}; }

 private:
  std::atomic<std::uint64_t> recorded_{0};
};

// What the control plane says of all that, on a server of the host's own.
bool metrics_tell(Runtime& runtime) {
  std::atomic<bool> draining{false};
  httplib::Server server;
  configure_control_server(server);
  mount_control_plane(server, runtime.control_plane(draining));
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread serving([&server] { server.listen_after_bind(); });
  const auto metrics = httplib::Client("127.0.0.1", port).Get("/metrics");
  draining = true;
  server.stop();
  serving.join();
  return metrics && metrics->body.find("rp_requests_total{") != std::string::npos;
}

}  // namespace

int main() {
  boost::asio::io_context context(1);
  EventLoop loop(context);
  EventLoops loops({&loop});
  OwnTelemetry telemetry;

  Runtime runtime(example::config_of("own_parts"),
                  {.loops = &loops, .telemetry = &telemetry, .make_upstream = [](EventLoop& of) {
                     return std::make_unique<example::CannedClient>(of, "application/json",
                                                                    example::kResponse);
                   }});
  runtime.start();
  runtime.proxy().handle(example::response_request(R"({"model":"gpt-4.1-mini","input":"hello"})"),
                         std::make_shared<example::Answer>());

  // Whatever else the host does on its loop.
  while (runtime.proxy().active_exchanges() > 0) context.run_one();
  context.stop();
  runtime.stop();
  const bool told = metrics_tell(runtime);
  std::printf("%s\n", told ? "the control plane knows" : "the control plane knows nothing");
  return told && telemetry.stats().recorded == 1 ? 0 : 1;
}
