#include "proxy/local_answers/codex_catalog_answer.h"

#include "proxy/exchange_context.h"
#include "proxy/local_answers/query_values.h"

namespace responses_proxy::local_answers {

const ModelCatalog* asked_catalog(const ExchangeContext& exchange, const RoutingTable& table) {
  const Request& request = exchange.request;
  const bool asked = exchange.endpoint.kind == EndpointKind::models &&
                     request.path == "/v1/models" && query_value(request.query, "client_version");
  return asked ? table.catalog() : nullptr;
}

std::string_view catalog_news(const ExchangeContext& exchange) {
  const ModelCatalog* catalog = exchange.route->table->catalog();
  const bool for_codex = catalog != nullptr && exchange.request.headers.find("originator");
  return for_codex ? std::string_view(catalog->etag) : std::string_view();
}

}  // namespace responses_proxy::local_answers
