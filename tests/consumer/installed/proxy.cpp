// Runs an exchange without a Runtime, on a loop of the host's.
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "responses_proxy/event_loop.h"
#include "responses_proxy/proxy.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/upstream_client.h"

using namespace responses_proxy;

namespace {

struct Answer final : ResponseWriter {
  void observe(ResponseObserver*) override {}
  void start(ResponseHead head) override { status = head.status; }
  bool write(std::string_view bytes) override {
    body.append(bytes);
    return true;
  }
  void finish() override {}
  void abort() override {}
  int status = 0;
  std::string body;
};

}  // namespace

int main() {
  const SystemClock clock;
  SeededRandom random(1);
  const auto state = make_memory_state_store(clock);
  TableRouter router(*state);
  Resource resource;
  resource.id = "nobody";
  resource.base_url = "http://127.0.0.1:1/v1";
  router.update({resource});
  const LoadBalancer balancer(clock, random);
  NullTelemetrySink telemetry;
  boost::asio::io_context context(1);
  EventLoop loop(context);
  EventLoops loops({&loop});
  const auto upstream = make_upstream_client(loop, clock);
  const auto dialect = make_responses_dialect();
  Proxy proxy(Config{}, {.clock = clock,
                         .random = random,
                         .state = *state,
                         .router = router,
                         .balancer = balancer,
                         .telemetry = telemetry,
                         .loops = loops,
                         .upstreams = {upstream.get()},
                         .dialects = {dialect.get()}});
  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.body = R"({"model":"m","input":"hello"})";
  const auto answer = std::make_shared<Answer>();
  proxy.handle(std::move(request), answer);
  while (proxy.active_exchanges() > 0) context.run_one();
  std::printf("%d %s\n", answer->status, answer->body.c_str());
  return answer->status == 502 && answer->body.find("upstream_connect") != std::string::npos ? 0
                                                                                             : 1;
}
