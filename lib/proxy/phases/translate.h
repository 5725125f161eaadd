// Phase "translate": the request in the wire format of the resource that was picked.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/task.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/lease.h"
#include "responses_proxy/result.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// An attempt that is ready to be sent.
struct Sending {
  Lease lease;
  UpstreamRequest request;
  std::string* body;  // of the exchange: what the request's is a view of
  std::unique_ptr<Translation> answer;
};

// Error: it cannot be expressed there, or what it continues is known neither there nor here. What
// has to be written anew and is large is written on a helper thread (aside.h); the client may have
// left by then.
Task<Result<Sending>> translate(ExchangeContext& exchange, Lease lease);

}  // namespace phases
}  // namespace responses_proxy
