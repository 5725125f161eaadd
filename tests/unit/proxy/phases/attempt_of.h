// An exchange whose first attempt has been sent.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "proxy/phases/pick.h"
#include "proxy/phases/route.h"
#include "proxy/phases/send.h"
#include "proxy/phases/translate.h"
#include "unit/proxy/exchange_rig.h"
#include "unit/proxy/phases/run_task.h"

namespace responses_proxy::testing {

inline void send_attempt(ExchangeContext& exchange) {
  auto lease = phases::pick(exchange);
  const auto sending = run_task(phases::translate(exchange, std::move(*lease)));
  phases::send(exchange, std::move(***sending));
}

inline std::shared_ptr<ExchangeContext> sent_exchange(ExchangeRig& rig, Headers headers = {}) {
  auto exchange = rig.context(R"({"model":"m"})", std::move(headers));
  exchange->facts.model = "m";
  phases::route(*exchange);
  send_attempt(*exchange);
  return exchange;
}

}  // namespace responses_proxy::testing
