// The bundled demo upstream as the server's only provider: to try rp-server without a key.
#pragma once

#include "demo/demo_upstream.h"
#include "responses_proxy/config.h"

namespace responses_proxy {

// Starts the demo upstream and points `config` at it, with several keys. Throws std::runtime_error
// when it cannot listen.
class DemoSetup {
 public:
  explicit DemoSetup(Config& config);

 private:
  SystemClock clock_;
  SeededRandom random_;
  DemoUpstream upstream_;
};

// `rp-server demo`: upstream, server, one smoke request. The exit code: 0 if it was answered.
int run_demo(Config config);

}  // namespace responses_proxy
