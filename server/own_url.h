// Where, and how, the server that this environment configures is asked from this machine.
#pragma once

#include <string>

#include "responses_proxy/config.h"
#include "server/http_call.h"

namespace responses_proxy {

// "http://127.0.0.1:8000", or https://, without a path. A server on every address is asked on
// loopback.
std::string own_url(const Config& config);
// Of its control plane: elsewhere with PROXY_ADMIN_BIND.
std::string own_admin_url(const Config& config);
// What a call needs to be taken for this installation's own; nothing without TLS.
OwnTls own_tls(const Config& config);

}  // namespace responses_proxy
