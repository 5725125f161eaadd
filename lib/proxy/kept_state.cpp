#include "proxy/kept_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "proxy/exchange_context.h"

namespace responses_proxy {

namespace {

// Asks, and waits until the callback has brought the answer.
template <class T>
Task<Result<T>> answer_of(ExchangeContext& exchange,
                          std::function<void(std::function<void(Result<T>)>)> ask) {
  // A signal of its own: what is kept behind an answer is waited for beside the exchange. The
  // callback may come when nobody waits any more.
  struct Answer {
    std::optional<Result<T>> given;
    Signal came;
  };
  const auto answer = std::make_shared<Answer>();
  ask([answer, kept = exchange.shared_from_this()](Result<T> found) {
    answer->given.emplace(std::move(found));
    answer->came.fire();
  });
  co_await answer->came;
  co_return std::move(*answer->given);
}

bool some_target(const ExchangeContext& exchange, bool (*is)(const ExchangeContext&, const Target&),
                 bool expected) {
  const auto& targets = exchange.route->targets;
  return std::any_of(targets.begin(), targets.end(),
                     [&](const Target& target) { return is(exchange, target) == expected; });
}

}  // namespace

bool upstream_keeps(const ExchangeContext& exchange, const Target& target) {
  const Dialect* dialect = exchange.dependencies.dialects.find(target.resource->wire_api);
  return dialect != nullptr && dialect->keeps_responses();
}

bool upstream_may_keep(const ExchangeContext& exchange, const Target& target) {
  const Dialect* dialect = exchange.dependencies.dialects.find(target.resource->wire_api);
  return dialect == nullptr || dialect->keeps_responses();
}

bool some_upstream_may_keep(const ExchangeContext& exchange) {
  return some_target(exchange, upstream_may_keep, true);
}

bool some_upstream_may_keep_none(const ExchangeContext& exchange) {
  return some_target(exchange, upstream_keeps, false);
}

Error response_not_found(std::string_view id) {
  Error error = Error::invalid_request("", fmt::format("Response with id '{}' not found.", id));
  error.status = 404;
  return error;
}

Task<Result<std::shared_ptr<const History>>> find_conversation(ExchangeContext& exchange,
                                                               std::string_view response_id) {
  using Pointer = std::shared_ptr<const History>;
  co_return co_await answer_of<Pointer>(exchange, [&](std::function<void(Result<Pointer>)> found) {
    exchange.dependencies.conversations->find({response_id, exchange.caller}, std::move(found));
  });
}

Task<Result<std::optional<KeptResponse>>> find_kept(ExchangeContext& exchange,
                                                    std::string_view response_id) {
  using Kept = std::optional<KeptResponse>;
  co_return co_await answer_of<Kept>(exchange, [&](std::function<void(Result<Kept>)> found) {
    exchange.dependencies.kept_responses->find({response_id, exchange.caller}, std::move(found));
  });
}

Task<Result<bool>> keep_response(ExchangeContext& exchange, KeptResponse response) {
  co_return co_await answer_of<bool>(exchange, [&](KeptResponses::Done done) {
    exchange.dependencies.kept_responses->keep(exchange.caller, std::move(response),
                                               std::move(done));
  });
}

Task<Result<bool>> update_response(ExchangeContext& exchange, KeptResponse response) {
  co_return co_await answer_of<bool>(exchange, [&](KeptResponses::Done done) {
    exchange.dependencies.kept_responses->update(exchange.caller, std::move(response),
                                                 std::move(done));
  });
}

Task<Result<bool>> forget_kept(ExchangeContext& exchange, std::string_view response_id) {
  co_return co_await answer_of<bool>(exchange, [&](KeptResponses::Done done) {
    exchange.dependencies.kept_responses->forget({response_id, exchange.caller}, std::move(done));
  });
}

Task<Result<std::optional<KeptConversation>>> find_kept_conversation(ExchangeContext& exchange,
                                                                     std::string_view id) {
  using Kept = std::optional<KeptConversation>;
  co_return co_await answer_of<Kept>(exchange, [&](KeptConversations::Found found) {
    exchange.dependencies.kept_conversations->find({id, exchange.caller}, std::move(found));
  });
}

Task<Result<bool>> keep_conversation(ExchangeContext& exchange, KeptConversation conversation) {
  co_return co_await answer_of<bool>(exchange, [&](KeptConversations::Done done) {
    exchange.dependencies.kept_conversations->keep(exchange.caller, std::move(conversation),
                                                   std::move(done));
  });
}

Task<Result<bool>> update_conversation(ExchangeContext& exchange, KeptConversation conversation) {
  co_return co_await answer_of<bool>(exchange, [&](KeptConversations::Done done) {
    exchange.dependencies.kept_conversations->update(exchange.caller, std::move(conversation),
                                                     std::move(done));
  });
}

Task<Result<bool>> forget_kept_conversation(ExchangeContext& exchange, std::string_view id) {
  co_return co_await answer_of<bool>(exchange, [&](KeptConversations::Done done) {
    exchange.dependencies.kept_conversations->forget({id, exchange.caller}, std::move(done));
  });
}

Task<Result<bool>> keep_history(ExchangeContext& exchange, std::shared_ptr<const History> history) {
  co_return co_await answer_of<bool>(exchange, [&](std::function<void(Result<bool>)> done) {
    exchange.dependencies.conversations->keep(exchange.caller, std::move(history),
                                              [done](bool others_can) { done(others_can); });
  });
}

}  // namespace responses_proxy
