#include "proxy/phases/route.h"

#include <utility>

#include "proxy/exchange_context.h"
#include "responses_proxy/exchange_hooks.h"

namespace responses_proxy::phases {

std::optional<Error> route(ExchangeContext& exchange) {
  RequestFacts& facts = exchange.facts;
  if (ExchangeHooks* hooks = exchange.dependencies.hooks) {
    const AdmittedRequest request{exchange.request, exchange.record.caller, facts.model,
                                  facts.session_id, facts.stream};
    if (auto error = hooks->before_route(request, facts.pool_id)) return error;
  }
  auto route = exchange.loop.routing.route({facts.model, facts.pool_id});
  if (!route) {
    Error error = route.error();
    if (error.code == "unknown_pool") error.param = facts.pool_param;
    return error;
  }
  exchange.route = std::move(*route);
  exchange.record.model_alias = exchange.route->alias;
  return std::nullopt;
}

}  // namespace responses_proxy::phases
