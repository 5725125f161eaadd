// rp-server health: whether the server answers. Exit code 0 = it does: for a container's check.
#pragma once

#include <string>

#include "responses_proxy/config.h"

namespace responses_proxy {

struct HealthOptions {
  std::string url;     // --url, instead of where this environment has the server
  bool ready = false;  // --ready: whether requests can be served, too
};

int run_health(const Config& config, const HealthOptions& options);

}  // namespace responses_proxy
