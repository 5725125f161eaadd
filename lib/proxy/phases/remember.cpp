#include "proxy/phases/remember.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "proxy/exchange_context.h"

namespace responses_proxy::phases {

namespace {

void remember_session(const ExchangeContext& exchange) {
  const Affinity& affinity = exchange.affinity;
  const std::string& resource_id = exchange.attempt->resource_id();
  const bool known = affinity.preferred_reason == SelectionReason::session_affinity &&
                     resource_id == affinity.preferred;
  if (exchange.facts.session_id.empty() || known) return;
  exchange.dependencies.state.remember_affinity({AffinityKind::session, exchange.facts.session_id},
                                                resource_id, {});
}

// Nobody remembered who knows what the request continues: this resource does.
void remember_continued(const ExchangeContext& exchange) {
  if (!exchange.affinity.required.empty()) return;
  StateStore& state = exchange.dependencies.state;
  const std::string& resource_id = exchange.attempt->resource_id();
  if (const std::string& id = exchange.facts.response_key(); !id.empty()) {
    state.remember_affinity({AffinityKind::response, id}, resource_id, {});
  }
  for (const std::string& id : exchange.facts.item_references) {
    state.remember_affinity({AffinityKind::item, id}, resource_id, {});
  }
}

// The end of the answer waits until it is called.
std::function<void()> count_as_open(ExchangeContext& exchange) {
  ++exchange.remembered.open;
  return [kept = exchange.shared_from_this()] {
    --kept->remembered.open;
    kept->progress.fire();
  };
}

void remember(ExchangeContext& exchange, const AffinityKey& key) {
  exchange.dependencies.state.remember_affinity(key, exchange.attempt->resource_id(),
                                                count_as_open(exchange));
}

std::shared_ptr<const History> continued(ExchangeContext& exchange, StoredResponse response) {
  if (response.id.empty() || !response.whole) return nullptr;
  const RequestFacts& facts = exchange.facts;
  StoredTurn turn{exchange.mask.apply(response.id), facts.previous_response_id,
                  std::move(exchange.own_input), std::move(response.output), facts.stored};
  return std::make_shared<History>(std::move(turn), exchange.history);
}

}  // namespace

void remember_resource(ExchangeContext& exchange) {
  remember_session(exchange);
  remember_continued(exchange);
}

void remember_answer(ExchangeContext& exchange) {
  const AnswerFacts& facts = exchange.attempt->facts();
  RememberedIds& ids = exchange.remembered;
  if (!facts.response_id.empty() && facts.response_id != ids.response) {
    ids.response = facts.response_id;
    exchange.record.response_id = exchange.mask.apply(ids.response);
    remember(exchange, {AffinityKind::response, exchange.record.response_id});
  }
  if (!facts.conversation_id.empty() && facts.conversation_id != ids.conversation) {
    ids.conversation = facts.conversation_id;
    const std::string id = exchange.mask.apply(ids.conversation);
    if (id != exchange.facts.conversation_id) remember(exchange, {AffinityKind::response, id});
  }
  if (!exchange.facts.stored || !facts.stored) return;
  while (ids.items < facts.item_ids.size()) {
    const std::string id = exchange.mask.apply(facts.item_ids[ids.items++]);
    remember(exchange, {AffinityKind::item, id});
  }
}

void keep_answer(ExchangeContext& exchange) {
  const bool kept_upstream = exchange.dialect->keeps_responses();
  if ((kept_upstream && !exchange.turn) || exchange.remembered.kept) return;
  exchange.remembered.kept = true;
  StoredResponse response = exchange.attempt->stored();
  auto history =
      exchange.turn ? exchange.turn->answered(response) : continued(exchange, std::move(response));
  if (kept_upstream || !history) return;
  exchange.dependencies.conversations->keep(exchange.record.caller, std::move(history),
                                            count_as_open(exchange));
}

void forget_response(ExchangeContext& exchange) {
  exchange.dependencies.state.forget_affinity(
      {AffinityKind::response, exchange.facts.path_response_id});
}

}  // namespace responses_proxy::phases
