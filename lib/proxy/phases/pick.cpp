#include "proxy/phases/pick.h"

#include <utility>
#include <variant>

#include "proxy/exchange_context.h"

namespace responses_proxy::phases {

Result<Lease> pick(const ExchangeContext& exchange) {
  const Affinity& affinity = exchange.affinity;
  PickRequest request{.route = *exchange.route,
                      .preferred_reason = affinity.preferred_reason,
                      .tried = exchange.tries.resources,
                      .model = exchange.facts.model};
  if (exchange.pinned()) {
    request.required_resource = affinity.required;
  } else if (!affinity.required.empty()) {
    request.preferred_resource = affinity.required;
    request.preferred_reason = SelectionReason::response_affinity;
  } else {
    request.preferred_resource = affinity.preferred;
  }
  PickResult result = exchange.dependencies.balancer.pick(request);
  if (auto* wait = std::get_if<Wait>(&result)) return std::move(wait->error);
  if (auto* reject = std::get_if<Reject>(&result)) return std::move(reject->error);
  return std::get<Picked>(std::move(result));
}

}  // namespace responses_proxy::phases
