#include "proxy/local_answers/local_answers.h"

#include <string_view>
#include <utility>

#include "codex/model_object.h"
#include "core/percent_decoded.h"
#include "proxy/exchange_context.h"
#include "proxy/local_answers/codex_catalog_answer.h"
#include "proxy/local_answers/conversation_answers.h"
#include "proxy/local_answers/kept_answers.h"
#include "proxy/local_answers/model_list.h"

namespace responses_proxy::local_answers {

namespace {

constexpr std::string_view kModels = "/v1/models";

std::shared_ptr<const RoutingTable> table_of(const ExchangeContext& exchange) {
  return exchange.route ? exchange.route->table : exchange.loop.routing.table();
}

bool asks_for_list(const ExchangeContext& exchange, const RoutingTable& table) {
  return exchange.endpoint.kind == EndpointKind::models && exchange.request.path == kModels &&
         !table.aliases().empty();
}

// The names of aliases have slashes.
LocalAnswer description(const ExchangeContext& exchange, const RoutingTable& table) {
  const std::string_view path = exchange.request.path;
  if (exchange.endpoint.kind != EndpointKind::models || path.size() <= kModels.size()) {
    return std::nullopt;
  }
  const auto name = percent_decoded(path.substr(kModels.size() + 1));
  const ModelAlias* alias = name ? table.describe(*name) : nullptr;
  return alias != nullptr ? LocalAnswer(dump(model_object(alias->name))) : std::nullopt;
}

}  // namespace

Task<LocalAnswer> answer_to(ExchangeContext& exchange) {
  const std::shared_ptr<const RoutingTable> table = table_of(exchange);
  if (const ModelCatalog* catalog = asked_catalog(exchange, *table)) co_return catalog->json;
  auto described = description(exchange, *table);
  if (described) co_return described;
  auto of_conversations = co_await answer_about_conversations(exchange);
  if (of_conversations) co_return of_conversations;
  co_return co_await answer_about_kept(exchange);
}

LocalAnswer answer_without_upstream(const ExchangeContext& exchange) {
  const std::shared_ptr<const RoutingTable> table = table_of(exchange);
  if (const ModelCatalog* catalog = asked_catalog(exchange, *table)) return catalog->json;
  if (asks_for_list(exchange, *table)) return model_list(table->aliases(), {});
  return description(exchange, *table);
}

Headers headers_of(const ExchangeContext& exchange) {
  const std::shared_ptr<const RoutingTable> table = table_of(exchange);
  const ModelCatalog* catalog = asked_catalog(exchange, *table);
  return catalog != nullptr ? Headers{{"etag", catalog->etag}} : Headers();
}

std::unique_ptr<Translation> added_to(const ExchangeContext& exchange,
                                      std::unique_ptr<Translation> answer) {
  if (!asks_for_list(exchange, *exchange.route->table)) return answer;
  return std::make_unique<ModelListTranslation>(std::move(answer), exchange.route->table);
}

}  // namespace responses_proxy::local_answers
