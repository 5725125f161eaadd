#include "proxy/local_answers/codex_catalog_answer.h"

#include <algorithm>

#include "proxy/exchange_context.h"

namespace responses_proxy::local_answers {

namespace {

constexpr std::string_view kCodexVersion = "client_version";

bool names_version(std::string_view query) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (pair.substr(0, pair.find('=')) == kCodexVersion) return true;
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return false;
}

}  // namespace

const ModelCatalog* asked_catalog(const ExchangeContext& exchange, const RoutingTable& table) {
  const Request& request = exchange.request;
  const bool asked = exchange.endpoint.kind == EndpointKind::models &&
                     request.path == "/v1/models" && names_version(request.query);
  return asked ? table.catalog() : nullptr;
}

std::string_view catalog_news(const ExchangeContext& exchange) {
  const ModelCatalog* catalog = exchange.route->table->catalog();
  const bool for_codex = catalog != nullptr && exchange.request.headers.find("originator");
  return for_codex ? std::string_view(catalog->etag) : std::string_view();
}

}  // namespace responses_proxy::local_answers
