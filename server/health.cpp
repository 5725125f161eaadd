#include "server/health.h"

#include <fmt/format.h>

#include "server/http_call.h"
#include "server/own_url.h"

namespace responses_proxy {

int run_health(const Config& config, const HealthOptions& options) {
  std::string base = options.url.empty() ? own_admin_url(config) : options.url;
  while (base.ends_with('/')) base.pop_back();
  const std::string url = base + (options.ready ? "/readyz" : "/healthz");
  HttpCall call{.url = url, .timeout = Millis(4'000)};
  if (options.url.empty()) call.own_tls = own_tls(config);
  const HttpAnswer answer = http_call(call);
  if (answer.status == 200) {
    fmt::print("{}\n", answer.body);
    return 0;
  }
  const std::string why =
      answer.status == 0
          ? answer.problem +
                ". Is rp-server running there? PROXY_PORT or --url names another place."
          : fmt::format("HTTP {}: {}", answer.status, answer.body);
  fmt::print(stderr, "{}: {}\n", url, why);
  return 1;
}

}  // namespace responses_proxy
