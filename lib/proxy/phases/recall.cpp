#include "proxy/phases/recall.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/response_id.h"
#include "proxy/exchange_context.h"
#include "proxy/kept_state.h"
#include "proxy/phases/referred_items.h"
#include "responses_proxy/response_index.h"

namespace responses_proxy::phases {

namespace {

// "openai-7": what the seventh key in the list was called before ids were made from the keys.
bool is_position(std::string_view resource_id) {
  constexpr std::size_t kMostDigits = 3;
  if (!resource_id.starts_with(kOwnResource)) return false;
  const std::string_view digits = resource_id.substr(kOwnResource.size());
  return !digits.empty() && digits.size() <= kMostDigits &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Remembered by its position: nobody knows which key stood there. Such an id counts as forgotten,
// not as one whose resource is gone.
bool outdated(const ExchangeContext& exchange, std::string_view resource_id) {
  return is_position(resource_id) && exchange.route->table->find(resource_id) == nullptr;
}

Task<> look_up(ExchangeContext& exchange, AffinityKey key, std::string& resource_id) {
  if (key.id.empty()) co_return;
  bool done = false;
  exchange.dependencies.state.find_affinity(
      key, [&exchange, &done, &resource_id](std::optional<std::string> found) {
        if (found && !outdated(exchange, *found)) resource_id = std::move(*found);
        done = true;
        exchange.progress.fire();
      });
  while (!done) co_await exchange.progress;
}

// Live state does not know the id; the records may.
Task<> look_up_durable(ExchangeContext& exchange) {
  const std::string key = exchange.facts.response_key();
  if (key.empty() || exchange.dependencies.index == nullptr) co_return;
  std::string& required = exchange.affinity.required;
  bool done = false;
  exchange.dependencies.index->find(exchange.loop.loop, key,
                                    [&exchange, &done, &required](auto found) {
                                      if (found && !outdated(exchange, *found)) {
                                        required = std::move(*found);
                                      }
                                      done = true;
                                      exchange.progress.fire();
                                    });
  while (!done) co_await exchange.progress;
  if (!required.empty()) {
    exchange.dependencies.state.remember_affinity({AffinityKind::response, key}, required, {});
  }
}

// All at once, so that a late store costs its budget once. The last item of the input that anybody
// remembers decides: it is the newest.
Task<> look_up_items(ExchangeContext& exchange) {
  const std::vector<std::string>& items = exchange.facts.item_references;
  std::vector<std::string> found(items.size());
  std::size_t open = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ++open;
    exchange.dependencies.state.find_affinity(
        {AffinityKind::item, items[i]},
        [&exchange, &open, &resource_id = found[i]](std::optional<std::string> known) {
          if (known && !outdated(exchange, *known)) resource_id = std::move(*known);
          --open;
          exchange.progress.fire();
        });
    if (!found[i].empty()) break;  // at once: no earlier item needs to be asked about
  }
  while (open > 0) co_await exchange.progress;
  const auto newest =
      std::find_if(found.begin(), found.end(), [](const auto& id) { return !id.empty(); });
  if (newest != found.end()) exchange.affinity.required = std::move(*newest);
}

// Nothing keeps it from going anywhere, but somewhere the prompt cache may be warm.
Task<> find_preference(ExchangeContext& exchange) {
  const RequestFacts& facts = exchange.facts;
  Affinity& affinity = exchange.affinity;
  co_await look_up(exchange, {AffinityKind::response, facts.comparison_response_id},
                   affinity.preferred);
  if (affinity.preferred.empty()) {
    co_await look_up(exchange, {AffinityKind::session, facts.session_id}, affinity.preferred);
  } else {
    affinity.preferred_reason = SelectionReason::response_affinity;
  }
}

// Whoever made what the request continues has it, and takes its id for it.
bool kept_upstream(const ExchangeContext& exchange) {
  const Target* target = exchange.route->table->find(exchange.affinity.required);
  return target != nullptr && upstream_keeps(exchange, *target);
}

// Nobody is to be asked about a response whose maker keeps none: it would have been found here.
bool made_and_not_kept(const ExchangeContext& exchange) {
  const std::string& required = exchange.affinity.required;
  return exchange.endpoint.kind == EndpointKind::response && !required.empty() &&
         exchange.route->table->find(required) != nullptr && !kept_upstream(exchange);
}

// What is asked about something that upstreams keep is for those that keep it, if there are any.
void leave_to_keepers(ExchangeContext& exchange) {
  const EndpointKind kind = exchange.endpoint.kind;
  if (kind != EndpointKind::response && kind != EndpointKind::response_subpath &&
      kind != EndpointKind::conversations) {
    return;
  }
  std::vector<std::string> others;
  const auto& targets = exchange.route->targets;
  for (const Target& target : targets) {
    if (!upstream_may_keep(exchange, target)) others.push_back(target.resource->id);
  }
  if (others.size() < targets.size()) exchange.tries.resources = std::move(others);
}

// What upstreams keep themselves is not asked for: a look into the database would hold up each
// request that continues something.
bool may_be_kept_here(const ExchangeContext& exchange, std::string_view response_id) {
  return is_own_response_id(response_id) || some_upstream_may_keep_none(exchange);
}

// A response that is kept, while its conversation is not: it is too long to be continued.
Task<std::optional<Error>> explain_unknown(ExchangeContext& exchange) {
  const std::string& previous = exchange.facts.previous_response_id;
  if (!is_own_response_id(previous)) co_return std::nullopt;
  const auto response = co_await find_kept(exchange, previous);
  if (!response) co_return response.error();
  if (!*response) co_return std::nullopt;
  if ((*response)->open) {
    co_return Error::invalid_request(
        "response_not_completed",
        fmt::format("Response '{}' is still being made; continue it when it is complete.",
                    previous),
        "previous_response_id");
  }
  co_return Error::invalid_request(
      "conversation_not_continuable",
      fmt::format(
          "Response '{}' cannot be continued: it has failed, it continues one that was not "
          "stored, or its conversation is longer than {} MiB or {} turns. Send its items as "
          "input.",
          previous, kMaxHistoryBytes / (1024 * 1024), kMaxHistoryTurns),
      "previous_response_id");
}

Error mutually_exclusive() {
  return Error::invalid_request(
      "mutually_exclusive_parameters",
      "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Send only one of "
      "them.",
      "conversation");
}

// A turn of a conversation that is kept here. One of other ids is its upstream's.
Task<std::optional<Error>> find_own_conversation(ExchangeContext& exchange) {
  const std::string& id = exchange.facts.conversation_id;
  if (exchange.endpoint.kind == EndpointKind::conversations || !is_own_conversation_id(id)) {
    co_return std::nullopt;
  }
  if (!exchange.facts.previous_response_id.empty()) co_return mutually_exclusive();
  auto found = co_await open_conversation(exchange, id);
  if (!found) {
    const bool theirs = found.error().status == 404 && some_upstream_may_keep(exchange);
    co_return theirs ? std::nullopt : std::optional(found.error());
  }
  if (is_full(*found->history, exchange.request.body.size())) co_return conversation_full(id);
  exchange.history = found->history;
  if (exchange.turn) exchange.turn->continue_from(exchange.history);
  exchange.conversation = std::move(*found);
  co_return std::nullopt;
}

// A client's socket is asked first: it remembers what no upstream keeps.
Task<std::optional<Error>> find_history(ExchangeContext& exchange) {
  const std::string& previous = exchange.facts.previous_response_id;
  if (previous.empty()) co_return std::nullopt;
  if (exchange.turn) exchange.history = exchange.turn->remembered();
  if (exchange.history || kept_upstream(exchange)) co_return std::nullopt;
  if (!may_be_kept_here(exchange, previous)) co_return std::nullopt;
  auto found = co_await find_conversation(exchange, previous);
  if (!found) co_return found.error();
  exchange.history = std::move(*found);
  if (!exchange.history) co_return co_await explain_unknown(exchange);
  if (exchange.turn) exchange.turn->continue_from(exchange.history);
  co_return std::nullopt;
}

}  // namespace

Task<std::optional<Error>> recall(ExchangeContext& exchange) {
  const std::string& required = exchange.affinity.required;
  co_await look_up(exchange, {AffinityKind::response, exchange.facts.response_key()},
                   exchange.affinity.required);
  if (exchange.endpoint.kind == EndpointKind::response) {
    co_await look_up(exchange, {AffinityKind::alias, exchange.facts.path_response_id},
                     exchange.affinity.alias);
  }
  leave_to_keepers(exchange);
  if (required.empty()) co_await look_up_durable(exchange);
  if (made_and_not_kept(exchange)) {
    co_return response_not_found(exchange.facts.path_response_id);
  }
  if (required.empty()) co_await look_up_items(exchange);
  if (required.empty()) co_await find_preference(exchange);
  if (auto error = co_await find_own_conversation(exchange)) co_return error;
  if (auto error = co_await find_history(exchange)) co_return error;
  co_return co_await put_referred_items(exchange);
}

}  // namespace responses_proxy::phases
