// ExchangeHooks: where a host takes part in an exchange, at the borders of its phases.
//
// Role       The Gate says who is calling, before anything else; the hooks here see what was read
//            of the request, and what is kept of it. Each may be left out.
// Threads    From every event loop, several at once.
// Ownership  Belongs to the host, and outlives the Proxy. What a hook is given is valid during the
//            call.
// Errors     What before_route() returns is the client's answer, and on record as such.
// Blocking   No hook may block: it runs on an event loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/error.h"
#include "responses_proxy/export.h"
#include "responses_proxy/request.h"
#include "responses_proxy/request_record.h"

namespace RP_PUBLIC responses_proxy {

// What is known of a request that the Gate has admitted.
struct AdmittedRequest {
  const Request& request;       // its body decoded
  std::string_view caller;      // as the Gate calls them
  std::string_view model;       // as the client calls it; "" = none
  std::string_view session_id;  // "" = none
  bool stream = false;
};

class ExchangeHooks {
 public:
  virtual ~ExchangeHooks() = default;

  // Before targets are looked for. `pool_id`: what the client asks for ("" = any pool); may be
  // changed. An Error refuses the request: nothing is sent.
  virtual std::optional<Error> before_route(const AdmittedRequest& request, std::string& pool_id) {
    static_cast<void>(request);
    static_cast<void>(pool_id);
    return std::nullopt;
  }

  // Before the record of an exchange goes to the TelemetrySink; may be changed. Credentials are
  // taken out of it afterwards, out of the bodies, too, but not out of the ids of the request and
  // of resources, providers and pools.
  virtual void before_record(RequestRecord& record) { static_cast<void>(record); }
};

}  // namespace responses_proxy
