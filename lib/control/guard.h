// Who may call an endpoint of the control plane.
#pragma once

#include <httplib.h>

#include <cstdint>
#include <optional>

#include "responses_proxy/config.h"
#include "responses_proxy/error.h"

namespace responses_proxy::control {

enum class Access : std::uint8_t {
  open,      // pages, probes, the API description
  data,      // what the dashboard shows: needs the token with PROXY_ADMIN_PROTECT=all
  registry,  // changes what is served: needs the token whenever one is set
};

// 401 without the admin token where one is needed; 403 for a page of another site
// (core/browser_guard.h).
std::optional<Error> refusal(const httplib::Request& request, Access access, const Config& config);

}  // namespace responses_proxy::control
