#include "proxy/phases/failover.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/input_items.h"
#include "core/json_members.h"
#include "proxy/aside.h"
#include "proxy/exchange_context.h"
#include "proxy/phases/record.h"
#include "proxy/phases/retry_table.h"

namespace responses_proxy::phases {

namespace {

// The resource does not know what the request continues, and may not be the one that should:
// nobody remembers that it alone can do it.
bool id_unknown(const ExchangeContext& exchange, const UpstreamFault& fault) {
  return fault.id_unknown && exchange.facts.continues() && !exchange.pinned();
}

NextStep next(const ExchangeContext& exchange, const UpstreamFault& fault) {
  AttemptStart start;
  start.error = exchange.attempt->failure_so_far();
  start.status = fault.meaning;
  start.id_unknown = id_unknown(exchange, fault);
  start.model_refused = fault.model_refused;
  start.cannot_decrypt = fault.cannot_decrypt && !exchange.tries.encrypted_items_dropped;
  start.pinned = exchange.pinned();
  start.attempts_left = attempts_left(exchange);
  start.not_found_tries_left = kMaxNotFoundTries - exchange.tries.not_found;
  return next_step(start);
}

// Of what the request continues, where that goes up with it; nullopt: there are none.
std::optional<std::string> history_without_encrypted_items(const ExchangeContext& exchange) {
  if (!exchange.history) return std::nullopt;
  const std::string items = R"({"input":[)" + exchange.history->items() + "]}";
  auto rest = exchange.dialect->without_encrypted_items(items, exchange.dependencies.seal);
  if (!rest) return std::nullopt;
  const auto members = read_members(*rest);
  return members ? std::optional(input_items(member(*members, "input"))) : std::nullopt;
}

// The session had to move to an account that cannot decrypt what the one before has made: once more
// without it. false: there is nothing to leave out.
Task<bool> drop_encrypted_items(ExchangeContext& exchange) {
  std::optional<std::string> body;
  bool dropped = false;
  if (exchange.turn) {
    dropped = co_await exchange.turn->drop_encrypted_items(exchange);
  } else {
    const std::string& old = exchange.request.body;
    const std::size_t earlier = exchange.history ? exchange.history->bytes() : 0;
    // The attempt may still be sending the body: it is only read here.
    co_await aside(exchange, old.size() + earlier > kLargeBody, [&exchange, &body, &old] {
      body = exchange.dialect->without_encrypted_items(old, exchange.dependencies.seal);
      exchange.readable_history = history_without_encrypted_items(exchange);
    });
    dropped = body.has_value() || exchange.readable_history.has_value();
  }
  if (!dropped) co_return false;
  close_attempt(exchange);
  if (body) exchange.request.body = std::move(*body);
  exchange.tries.resources.pop_back();  // the same resource may serve it now
  exchange.tries.encrypted_items_dropped = true;
  exchange.record.adjusted = "encrypted_items_dropped";
  co_return true;
}

}  // namespace

std::size_t attempts_left(const ExchangeContext& exchange) {
  const Tries& tries = exchange.tries;
  const std::size_t counted = tries.sent - tries.not_found - tries.summaries;
  return exchange.config.max_attempts - std::min(exchange.config.max_attempts, counted);
}

void leave_out(ExchangeContext& exchange, const Resource& resource, std::string_view model) {
  for (const Target& target : exchange.route->targets) {
    const bool alike = target.resource->provider_id == resource.provider_id &&
                       target.resource->wire_api == resource.wire_api && target.model == model;
    if (alike && target.resource != &resource) {
      exchange.tries.resources.push_back(target.resource->id);
    }
  }
  exchange.tries.resources.push_back(resource.id);
}

Task<bool> moves_on(ExchangeContext& exchange) {
  if (exchange.attempt->refusal()) co_return false;  // nobody else could be sent it either
  // A bad start is known to other requests at once; a good one is judged when it has ended.
  const UpstreamFault fault = exchange.attempt->fault();
  if (fault.meaning < 200 || fault.meaning >= 300) judge_attempt(exchange, fault);
  switch (next(exchange, fault)) {
    case NextStep::stream:
      break;
    case NextStep::other_resource:
      if (id_unknown(exchange, fault)) ++exchange.tries.not_found;
      co_return true;
    case NextStep::without_encrypted_items: {
      const bool dropped = co_await drop_encrypted_items(exchange);
      co_return dropped && !exchange.interrupted();
    }
  }
  co_return false;
}

}  // namespace responses_proxy::phases
