#include "proxy/phases/route.h"

#include <utility>

#include "proxy/exchange_context.h"
#include "responses_proxy/exchange_hooks.h"

namespace responses_proxy::phases {

namespace {

// A model that is no alias, as none is, is for keys of the environment; where there are none only a
// pool can say who is meant.
bool lacks_model(const ExchangeContext& exchange) {
  const EndpointKind kind = exchange.endpoint.kind;
  const bool wanted = kind == EndpointKind::create_response || kind == EndpointKind::compact ||
                      kind == EndpointKind::input_tokens;
  return wanted && exchange.facts.model.empty() && exchange.facts.pool_id.empty() &&
         exchange.route->table->unaliased().empty();
}

}  // namespace

std::optional<Error> ask_host(ExchangeContext& exchange) {
  RequestFacts& facts = exchange.facts;
  ExchangeHooks* hooks = exchange.dependencies.hooks;
  if (hooks == nullptr) return std::nullopt;
  const AdmittedRequest request{.request = exchange.request,
                                .caller = exchange.caller,
                                .model = facts.model,
                                .session_id = facts.session_id,
                                .stream = facts.stream};
  return hooks->before_route(request, facts.pool_id);
}

std::optional<Error> route(ExchangeContext& exchange) {
  const RequestFacts& facts = exchange.facts;
  auto route = exchange.loop.routing.route({facts.model, facts.pool_id});
  if (!route) {
    Error error = route.error();
    if (error.code == "unknown_pool") error.param = facts.pool_param;
    return error;
  }
  exchange.route = std::move(*route);
  exchange.record.model_alias = exchange.route->alias;
  if (lacks_model(exchange)) {
    return Error::invalid_request("missing_required_parameter",
                                  "Missing required parameter: 'model'.", "model");
  }
  return std::nullopt;
}

}  // namespace responses_proxy::phases
