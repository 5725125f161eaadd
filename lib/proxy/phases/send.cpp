#include "proxy/phases/send.h"

#include <utility>

#include "proxy/exchange_context.h"

namespace responses_proxy::phases {

namespace {

void tell_decision(const ExchangeContext& exchange, const Lease& lease) {
  const ProxyOptions& dependencies = exchange.dependencies;
  if (!dependencies.on_decision) return;
  dependencies.on_decision({exchange.record.request_id, exchange.facts.session_id,
                            exchange.facts.session_name, lease.resource().id, lease.reason_word(),
                            dependencies.clock.wall()});
}

}  // namespace

void send(ExchangeContext& exchange, Sending sending) {
  Tries& tries = exchange.tries;
  if (++tries.sent == 1) exchange.record.proxy_time = exchange.elapsed();
  tries.resources.push_back(sending.lease.resource().id);
  tell_decision(exchange, sending.lease);
  if (exchange.trace) {
    sending.request.headers.set("traceparent",
                                exchange.dependencies.tracer->attempt(*exchange.trace));
  }
  exchange.attempt = std::make_unique<Attempt>(
      std::move(sending.lease), std::move(sending.answer), exchange.dependencies.clock,
      exchange.mask, static_cast<AttemptObserver&>(exchange.pump), exchange.record.model);
  if (exchange.turn) {
    exchange.attempt->send(exchange.turn->transport(), std::move(sending.request), *sending.body);
  } else {
    exchange.attempt->send(exchange.loop.upstream, std::move(sending.request));
  }
}

}  // namespace responses_proxy::phases
