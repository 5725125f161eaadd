#include "proxy/phases/hold_back.h"

#include <memory>

#include "proxy/exchange_context.h"
#include "proxy/phases/failover.h"

namespace responses_proxy::phases {

namespace {

// A document is held by its reader anyway, and may break off before anything of it could go on. A
// stream is live: it waits only where it could still move.
bool worth_holding(const ExchangeContext& exchange) {
  const Attempt& attempt = *exchange.attempt;
  if (attempt.status() == 0) return false;
  if (!attempt.event_stream()) return true;
  return exchange.config.stream_holdback > Millis::zero() && !exchange.pinned() &&
         attempts_left(exchange) > 0 && exchange.route->targets.size() > 1;
}

}  // namespace

Task<> hold_back(ExchangeContext& exchange) {
  const Attempt& attempt = *exchange.attempt;
  while (!attempt.begun() && !exchange.interrupted()) co_await exchange.progress;
  if (exchange.interrupted() || !worth_holding(exchange)) co_return;
  bool expired = false;
  std::unique_ptr<Timer> patience;
  const bool error = attempt.status() >= 400;
  if (attempt.event_stream() || error) {
    const Millis longest = error ? kErrorBodyPatience : exchange.config.stream_holdback;
    patience = exchange.loop.loop.timers().after(longest, [&exchange, &expired] {
      expired = true;
      exchange.progress.fire();
    });
  }
  while (!attempt.shown() && !expired && !exchange.interrupted()) co_await exchange.progress;
}

}  // namespace responses_proxy::phases
