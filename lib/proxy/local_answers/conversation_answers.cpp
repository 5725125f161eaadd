#include "proxy/local_answers/conversation_answers.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

#include "core/json.h"
#include "core/percent_decoded.h"
#include "core/response_id.h"
#include "proxy/aside.h"
#include "proxy/exchange_context.h"
#include "proxy/kept_conversation.h"
#include "proxy/kept_state.h"
#include "proxy/local_answers/conversation_items.h"
#include "proxy/local_answers/conversation_request.h"

namespace responses_proxy::local_answers {

namespace {

using Answer = std::optional<Result<std::string>>;

enum class Asked : std::uint8_t {
  nothing,
  creation,
  document,
  update,
  deletion,
  list,
  addition,
  item,
  item_deletion,
};

struct Question {
  Asked asked = Asked::nothing;
  std::string item_id = {};
};

bool is_get(std::string_view method) {
  return method == "GET" || method == "HEAD";
}

Question about_items(std::string_view method, std::string_view rest) {
  if (rest.empty()) {
    return {is_get(method) ? Asked::list : method == "POST" ? Asked::addition : Asked::nothing};
  }
  auto id = percent_decoded(rest.substr(1));
  if (!rest.starts_with('/') || rest.find('/', 1) != std::string_view::npos || !id) return {};
  const Asked asked = is_get(method)       ? Asked::item
                      : method == "DELETE" ? Asked::item_deletion
                                           : Asked::nothing;
  return {asked, std::move(*id)};
}

Question what_is_asked(const ExchangeContext& exchange) {
  constexpr std::string_view kItems = "/items";
  if (exchange.endpoint.kind != EndpointKind::conversations) return {};
  const std::string& method = exchange.request.method;
  const std::string_view id = exchange.endpoint.id;
  if (id.empty()) return {method == "POST" ? Asked::creation : Asked::nothing};
  const std::string_view path = exchange.request.path;
  std::string_view rest =
      path.substr(static_cast<std::size_t>(id.data() - path.data()) + id.size());
  if (rest.empty()) {
    if (is_get(method)) return {Asked::document};
    return {method == "POST"     ? Asked::update
            : method == "DELETE" ? Asked::deletion
                                 : Asked::nothing};
  }
  if (!rest.starts_with(kItems)) return {};
  return about_items(method, rest.substr(kItems.size()));
}

Error item_not_found(std::string_view item_id, std::string_view conversation_id) {
  Error error = Error::invalid_request(
      "",
      fmt::format("Item with id '{}' not found in conversation '{}'.", item_id, conversation_id));
  error.status = 404;
  return error;
}

std::string document_of(const std::string& id, WallTime now, const std::string& metadata) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  return dump({{"id", id},
               {"object", "conversation"},
               {"created_at", seconds.count()},
               {"metadata", Json::parse(metadata)}});
}

Task<Result<ConversationRequest>> read_body(ExchangeContext& exchange) {
  std::optional<Result<ConversationRequest>> request;
  const std::string& body = exchange.request.body;
  co_await aside(exchange, body.size() > kLargeBody,
                 [&] { request.emplace(read_conversation_request(body)); });
  co_return std::move(*request);
}

StoredTurn turn_of(ExchangeContext& exchange, std::string items) {
  return {new_response_id(exchange.dependencies.random), {}, std::move(items), {}};
}

Task<Result<std::string>> create(ExchangeContext& exchange) {
  auto request = co_await read_body(exchange);
  if (!request) co_return request.error();
  KeptConversation conversation;
  conversation.id = new_conversation_id(exchange.dependencies.random);
  conversation.document = document_of(conversation.id, exchange.dependencies.clock.wall(),
                                      request->metadata.value_or("{}"));
  auto history = std::make_shared<const History>(
      turn_of(exchange, std::move(request->items).value_or("")), nullptr);
  auto begun = co_await begin_conversation(exchange, std::move(conversation), std::move(history));
  if (!begun) co_return begun.error();
  co_return std::move(begun->kept.document);
}

Task<Result<std::string>> update(ExchangeContext& exchange, OpenConversation conversation) {
  auto request = co_await read_body(exchange);
  if (!request) co_return request.error();
  if (!request->metadata) {
    co_return Error::invalid_request("missing_required_parameter",
                                     "Missing required parameter: 'metadata'.", "metadata");
  }
  const std::string& metadata = *request->metadata;
  auto changed = co_await change_conversation(
      exchange, std::move(conversation),
      [&metadata](OpenConversation& now) -> Result<std::shared_ptr<const History>> {
        Json document = Json::parse(now.kept.document);
        document["metadata"] = Json::parse(metadata);
        now.kept.document = dump(document);
        return now.history;
      });
  if (!changed) co_return changed.error();
  co_return std::move(changed->kept.document);
}

Task<Result<std::string>> remove(ExchangeContext& exchange, const std::string& id) {
  const auto forgotten = co_await forget_kept_conversation(exchange, id);
  if (!forgotten) co_return forgotten.error();
  if (!*forgotten) co_return conversation_not_found(id);
  exchange.dependencies.state.forget_affinity({AffinityKind::response, id});
  co_return dump({{"id", id}, {"object", "conversation.deleted"}, {"deleted", true}});
}

Task<Result<std::string>> list(ExchangeContext& exchange, const OpenConversation& conversation) {
  const auto page = read_item_page(exchange.request.query);
  if (!page) co_return page.error();
  std::optional<Result<std::string>> items;
  const History& history = *conversation.history;
  co_await aside(exchange, history.bytes() > kLargeBody,
                 [&] { items.emplace(item_list(items_of(history), *page)); });
  co_return std::move(*items);
}

Task<Result<std::string>> add(ExchangeContext& exchange, OpenConversation conversation) {
  auto request = co_await read_body(exchange);
  if (!request) co_return request.error();
  if (!request->items) {
    co_return Error::invalid_request("missing_required_parameter",
                                     "Missing required parameter: 'items'.", "items");
  }
  const StoredTurn turn = turn_of(exchange, std::move(*request->items));
  auto changed = co_await change_conversation(
      exchange, std::move(conversation),
      [&turn](const OpenConversation& now) -> Result<std::shared_ptr<const History>> {
        return turn_in(now, turn);
      });
  if (!changed) co_return changed.error();
  ItemPage all;
  all.oldest_first = true;
  co_return item_list({{turn.id, turn.input, false}}, all);
}

Task<Result<std::string>> give_item(ExchangeContext& exchange, const OpenConversation& conversation,
                                    const std::string& item_id) {
  std::optional<std::string> item;
  const History& history = *conversation.history;
  co_await aside(exchange, history.bytes() > kLargeBody, [&] { item = item_of(history, item_id); });
  if (!item) co_return item_not_found(item_id, conversation.kept.id);
  co_return std::move(*item);
}

// What is left stands in one turn from then on: turns are never changed, others may continue them.
Task<Result<std::string>> remove_item(ExchangeContext& exchange, OpenConversation conversation,
                                      const std::string& item_id) {
  auto changed = co_await change_conversation(
      exchange, std::move(conversation),
      [&](const OpenConversation& now) -> Result<std::shared_ptr<const History>> {
        auto rest = items_without(*now.history, item_id);
        if (!rest) return item_not_found(item_id, now.kept.id);
        return std::make_shared<const History>(turn_of(exchange, std::move(*rest)), nullptr);
      });
  if (!changed) co_return changed.error();
  co_return std::move(changed->kept.document);
}

Task<Result<std::string>> answer(ExchangeContext& exchange, const Question& question,
                                 OpenConversation conversation) {
  switch (question.asked) {
    case Asked::update:
      co_return co_await update(exchange, std::move(conversation));
    case Asked::deletion:
      co_return co_await remove(exchange, conversation.kept.id);
    case Asked::list:
      co_return co_await list(exchange, conversation);
    case Asked::addition:
      co_return co_await add(exchange, std::move(conversation));
    case Asked::item:
      co_return co_await give_item(exchange, conversation, question.item_id);
    case Asked::item_deletion:
      co_return co_await remove_item(exchange, std::move(conversation), question.item_id);
    default:
      co_return std::move(conversation.kept.document);
  }
}

Task<Answer> find_and_answer(ExchangeContext& exchange, Question question) {
  // Without a route there is nobody who may know it; why that is so says more than "not found".
  const bool theirs = !exchange.route || some_upstream_may_keep(exchange);
  if (question.asked == Asked::creation) {
    if (theirs) co_return std::nullopt;
    co_return Answer(co_await create(exchange));
  }
  const std::string& id = exchange.facts.conversation_id;
  if (!is_own_conversation_id(id)) {
    co_return theirs ? Answer() : Answer(conversation_not_found(id));
  }
  auto found = co_await open_conversation(exchange, id);
  if (!found) {
    const bool unknown = found.error().status == 404;
    co_return unknown&& theirs ? Answer() : Answer(found.error());
  }
  co_return Answer(co_await answer(exchange, question, std::move(*found)));
}

}  // namespace

Task<Answer> answer_about_conversations(ExchangeContext& exchange) {
  Question question = what_is_asked(exchange);
  if (question.asked == Asked::nothing) return ready(Answer());
  return find_and_answer(exchange, std::move(question));
}

}  // namespace responses_proxy::local_answers
