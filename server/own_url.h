// Where the server that this environment configures is asked from this machine.
#pragma once

#include <string>

#include "responses_proxy/config.h"

namespace responses_proxy {

// "http://127.0.0.1:8000", without a path. A server on every address is asked on loopback.
std::string own_url(const Config& config);
// Of its control plane: elsewhere with PROXY_ADMIN_BIND.
std::string own_admin_url(const Config& config);

}  // namespace responses_proxy
