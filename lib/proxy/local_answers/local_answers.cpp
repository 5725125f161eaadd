#include "proxy/local_answers/local_answers.h"

#include <string_view>
#include <utility>

#include "core/percent_decoded.h"
#include "proxy/exchange_context.h"
#include "proxy/local_answers/model_list.h"

namespace responses_proxy::local_answers {

namespace {

constexpr std::string_view kModels = "/v1/models";

bool asks_for_list(const ExchangeContext& exchange, const RoutingTable& table) {
  return exchange.endpoint.kind == EndpointKind::models && exchange.request.path == kModels &&
         !table.aliases().empty();
}

// The names of aliases have slashes.
std::optional<std::string> description(const ExchangeContext& exchange, const RoutingTable& table) {
  const std::string_view path = exchange.request.path;
  if (exchange.endpoint.kind != EndpointKind::models || path.size() <= kModels.size()) {
    return std::nullopt;
  }
  const auto name = percent_decoded(path.substr(kModels.size() + 1));
  const ModelAlias* alias = name ? table.describe(*name) : nullptr;
  return alias != nullptr ? std::optional(dump(model_object(*alias))) : std::nullopt;
}

}  // namespace

std::optional<std::string> answer_to(const ExchangeContext& exchange) {
  return description(exchange, *exchange.route->table);
}

std::optional<std::string> answer_without_upstream(const ExchangeContext& exchange) {
  const std::shared_ptr<const RoutingTable> table =
      exchange.route ? exchange.route->table : exchange.loop.routing.table();
  if (asks_for_list(exchange, *table)) return model_list(table->aliases(), {});
  return description(exchange, *table);
}

std::unique_ptr<Translation> added_to(const ExchangeContext& exchange,
                                      std::unique_ptr<Translation> answer) {
  if (!asks_for_list(exchange, *exchange.route->table)) return answer;
  return std::make_unique<ModelListTranslation>(std::move(answer), exchange.route->table);
}

}  // namespace responses_proxy::local_answers
