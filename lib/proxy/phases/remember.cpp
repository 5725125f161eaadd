#include "proxy/phases/remember.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "dialects/translation/response_object.h"
#include "proxy/exchange_context.h"
#include "responses_proxy/kept_responses.h"

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

// So that reading it back names the model as its answer does.
void remember_alias(ExchangeContext& exchange, const std::string& response_id) {
  const std::string& alias = exchange.route->alias;
  if (alias.empty() || !exchange.dialect->keeps_responses()) return;
  exchange.dependencies.state.remember_affinity({AffinityKind::alias, response_id}, alias,
                                                count_as_open(exchange));
}

// A conversation of `"store":false` is for a while only, one that is too long not kept at all.
bool is_kept_long(const History& history) {
  return history.stored() && history.bytes() <= kMaxHistoryBytes &&
         history.turns() <= kMaxHistoryTurns;
}

// The response itself, for who asks for it by its id. Its input stands with it where no
// conversation has that.
void keep_document(ExchangeContext& exchange, StoredResponse& response, const History* history) {
  if (!exchange.facts.stored || response.id.empty() || response.document.empty()) return;
  KeptResponse kept;
  kept.id = exchange.mask.apply(response.id);
  kept.document = std::move(response.document);
  kept.marks = std::move(response.marks);
  if (history == nullptr) {
    kept.previous = exchange.facts.previous_response_id;
    kept.input = exchange.own_input;
  } else if (!is_kept_long(*history)) {
    kept.previous = history->latest().previous;
    kept.input = history->latest().input;
  }
  KeptResponses& responses = *exchange.dependencies.kept_responses;
  const auto done = [open = count_as_open(exchange)](const Result<bool>&) { open(); };
  if (!exchange.run) return responses.keep(exchange.caller, std::move(kept), done);
  exchange.run->ended = true;
  responses.update(exchange.caller, std::move(kept), done);
}

std::shared_ptr<const History> continued(ExchangeContext& exchange, StoredResponse& response) {
  if (response.id.empty() || !response.whole) return nullptr;
  const RequestFacts& facts = exchange.facts;
  StoredTurn turn{exchange.mask.apply(response.id), facts.previous_response_id,
                  std::move(exchange.own_input), std::move(response.output), facts.stored};
  return std::make_shared<History>(std::move(turn), exchange.history);
}

// Whoever only counts or compacts a conversation says nothing in it.
bool adds_to_conversation(const ExchangeContext& exchange) {
  return exchange.conversation && exchange.endpoint.kind == EndpointKind::create_response;
}

// The turn is added to the conversation as it is then: others may have added theirs meanwhile.
Detached add_to_conversation(std::shared_ptr<ExchangeContext> exchange, StoredTurn turn,
                             std::function<void()> done) {
  turn.stored = true;  // in the conversation, whether the response itself is to be kept or not
  OpenConversation conversation = *exchange->conversation;
  // The client has its answer: that it could not be added is told nobody.
  [[maybe_unused]] const auto added = co_await change_conversation(
      *exchange, std::move(conversation),
      [&turn](const OpenConversation& now) -> Result<std::shared_ptr<const History>> {
        return turn_in(now, turn);
      });
  done();
}

// `history` is null where nothing can continue the response.
void keep(ExchangeContext& exchange, StoredResponse& response,
          std::shared_ptr<const History> history) {
  const bool kept_upstream = exchange.dialect->keeps_responses();
  if (!kept_upstream) keep_document(exchange, response, history.get());
  if (!history) return;
  if (adds_to_conversation(exchange)) {
    return static_cast<void>(add_to_conversation(exchange.shared_from_this(), history->latest(),
                                                 count_as_open(exchange)));
  }
  if (kept_upstream) return;
  exchange.dependencies.conversations->keep(exchange.caller, std::move(history),
                                            [open = count_as_open(exchange)](bool) { open(); });
}

// Its socket remembers it, whoever else does.
void keep_turn(ExchangeContext& exchange, StoredResponse response) {
  StoredResponse document{
      response.id, {}, response.whole, std::move(response.document), std::move(response.marks)};
  exchange.remembered.turn_open = true;
  exchange.turn->answered(std::move(response),
                          [&exchange, open = count_as_open(exchange),
                           document = std::move(document)](auto history) mutable {
                            keep(exchange, document, std::move(history));
                            exchange.remembered.turn_open = false;
                            open();
                          });
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
    exchange.record.response_id = ids.response;
    exchange.mask.apply_to(exchange.record.response_id);
    remember(exchange, {AffinityKind::response, exchange.record.response_id});
    remember_alias(exchange, exchange.record.response_id);
  }
  if (!facts.conversation_id.empty() && facts.conversation_id != ids.conversation) {
    ids.conversation = facts.conversation_id;
    std::string id = ids.conversation;
    exchange.mask.apply_to(id);
    if (id != exchange.facts.conversation_id) remember(exchange, {AffinityKind::response, id});
  }
  if (!exchange.facts.stored || !facts.stored) return;
  while (ids.items < facts.item_ids.size()) {
    std::string id = facts.item_ids[ids.items++];
    exchange.mask.apply_to(id);
    remember(exchange, {AffinityKind::item, id});
  }
}

void keep_answer(ExchangeContext& exchange) {
  const bool kept_upstream = exchange.dialect->keeps_responses();
  const bool of_interest = !kept_upstream || exchange.turn || adds_to_conversation(exchange);
  if (!of_interest || exchange.remembered.kept) return;
  exchange.remembered.kept = true;
  StoredResponse response = exchange.attempt->stored();
  if (exchange.turn) return keep_turn(exchange, std::move(response));
  std::shared_ptr<const History> history = continued(exchange, response);
  keep(exchange, response, std::move(history));
}

void keep_failed_answer(ExchangeContext& exchange) {
  if (exchange.dialect->keeps_responses() || exchange.remembered.kept) return;
  exchange.remembered.kept = true;
  StoredResponse response = exchange.attempt->stored();
  keep_document(exchange, response, nullptr);
}

void keep_broken_answer(ExchangeContext& exchange, std::string_view message) {
  const bool kept = exchange.remembered.kept || exchange.run;
  if (exchange.dialect->keeps_responses() || kept) return;
  exchange.remembered.kept = true;
  StoredResponse response = exchange.attempt->stored();
  if (response.id.empty()) response.id = exchange.own_response_id;  // that its end will name
  ResponseState failed;
  failed.status = "failed";
  failed.error_code = "server_error";  // as in the stream's last event
  failed.error_message = message;
  response.document = with_state(response.document, failed);
  keep_document(exchange, response, nullptr);
}

void forget_response(ExchangeContext& exchange) {
  exchange.dependencies.state.forget_affinity(
      {AffinityKind::response, exchange.facts.path_response_id});
}

}  // namespace responses_proxy::phases
