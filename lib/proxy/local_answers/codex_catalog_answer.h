// GET /v1/models as Codex asks it (`client_version` in its query): the catalog of the table, from
// memory. What an upstream would say is no catalog.
#pragma once

#include <string_view>

#include "responses_proxy/model_catalog.h"

namespace responses_proxy {

struct ExchangeContext;
class RoutingTable;

namespace local_answers {

// Null: something else is asked for, or there is no catalog.
const ModelCatalog* asked_catalog(const ExchangeContext& exchange, const RoutingTable& table);

// The value of kCatalogField in an answer to this client: Codex then asks for a catalog that it has
// not seen. "" = it is not for it.
std::string_view catalog_news(const ExchangeContext& exchange);

}  // namespace local_answers
}  // namespace responses_proxy
