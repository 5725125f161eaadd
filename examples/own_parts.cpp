// Level 3 with parts of the host's own: its event loop, its HTTP client and its telemetry in place
// of the Runtime's; the rest, the control plane included, is the library's.
#include <httplib.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "responses_proxy/event_loop.h"
#include "responses_proxy/responses_proxy.h"

using namespace responses_proxy;

namespace {

// Stands for the host's HTTP client: every request gets the same answer, from the loop.
class OwnClient final : public UpstreamClient {
 public:
  explicit OwnClient(EventLoop& loop) : loop_(loop) {}

  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                          UpstreamHandler& handler) override {
    std::printf("%s %s\n", request.method.c_str(), request.url.c_str());
    return std::make_unique<Transfer>(loop_, handler);
  }

 private:
  class Transfer final : public UpstreamTransfer {
   public:
    Transfer(EventLoop& loop, UpstreamHandler& handler) {
      loop.post([alive = std::weak_ptr<int>(alive_), &handler] {
        if (alive.expired()) return;
        handler.on_head(200, {{"content-type", "application/json"}});
        if (alive.expired()) return;
        handler.on_body(R"({"id":"resp_1","object":"response","status":"completed"})");
        if (!alive.expired()) handler.on_end({});
      });
    }
    void resume() override {}
    bool body_sent() const override { return true; }

   private:
    std::shared_ptr<int> alive_ = std::make_shared<int>();  // gone: cancelled
  };

  EventLoop& loop_;
};

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

// Whoever asked.
class OwnWriter final : public ResponseWriter {
 public:
  void observe(ResponseObserver*) override {}
  void start(ResponseHead head) override { std::printf("answered %d: ", head.status); }
  bool write(std::string_view bytes) override {
    std::printf("%.*s\n", static_cast<int>(bytes.size()), bytes.data());
    return true;
  }
  void finish() override {}
  void abort() override {}
};

Config own_config() {
  Config config;
  config.database_url = Secret("sqlite:///own_parts.sqlite3");
  config.health_check_enabled = false;
  Resource resource;
  resource.id = "openai-1";
  resource.base_url = "https://api.openai.com/v1";
  resource.credential = Secret("sk-example-key-1234");
  config.resources = {resource};
  return config;
}

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

  Runtime runtime(own_config(),
                  {.loops = &loops, .telemetry = &telemetry, .make_upstream = [](EventLoop& of) {
                     return std::make_unique<OwnClient>(of);
                   }});
  runtime.start();

  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.headers = {{"content-type", "application/json"}};
  request.body = R"({"model":"gpt-4.1-mini","input":"hello"})";
  runtime.proxy().handle(std::move(request), std::make_shared<OwnWriter>());

  // Whatever else the host does on its loop.
  while (runtime.proxy().active_exchanges() > 0) context.run_one();
  context.stop();
  runtime.stop();
  const bool told = metrics_tell(runtime);
  std::printf("%s\n", told ? "the control plane knows" : "the control plane knows nothing");
  return told && telemetry.stats().recorded == 1 ? 0 : 1;
}
