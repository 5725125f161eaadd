#include "proxy/kept_state.h"

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>

#include "proxy/exchange_context.h"

namespace responses_proxy {

namespace {

// Asks, and waits until the callback has brought the answer.
template <class T>
Task<Result<T>> answer_of(ExchangeContext& exchange,
                          std::function<void(std::function<void(Result<T>)>)> ask) {
  // The callback may come when nobody waits any more.
  const auto answer = std::make_shared<std::optional<Result<T>>>();
  ask([answer, kept = exchange.shared_from_this()](Result<T> found) {
    answer->emplace(std::move(found));
    kept->progress.fire();
  });
  while (!*answer) co_await exchange.progress;
  co_return std::move(**answer);
}

}  // namespace

Error response_not_found(std::string_view id) {
  Error error = Error::invalid_request("", fmt::format("Response with id '{}' not found.", id));
  error.status = 404;
  return error;
}

Task<Result<std::shared_ptr<const History>>> find_conversation(ExchangeContext& exchange,
                                                               std::string_view response_id) {
  using Pointer = std::shared_ptr<const History>;
  co_return co_await answer_of<Pointer>(exchange, [&](std::function<void(Result<Pointer>)> found) {
    exchange.dependencies.conversations->find({response_id, exchange.record.caller},
                                              std::move(found));
  });
}

Task<Result<std::optional<KeptResponse>>> find_kept(ExchangeContext& exchange,
                                                    std::string_view response_id) {
  using Kept = std::optional<KeptResponse>;
  co_return co_await answer_of<Kept>(exchange, [&](std::function<void(Result<Kept>)> found) {
    exchange.dependencies.kept_responses->find({response_id, exchange.record.caller},
                                               std::move(found));
  });
}

Task<Result<bool>> keep_response(ExchangeContext& exchange, KeptResponse response) {
  co_return co_await answer_of<bool>(exchange, [&](KeptResponses::Done done) {
    exchange.dependencies.kept_responses->keep(exchange.record.caller, std::move(response),
                                               std::move(done));
  });
}

Task<Result<bool>> update_response(ExchangeContext& exchange, KeptResponse response) {
  co_return co_await answer_of<bool>(exchange, [&](KeptResponses::Done done) {
    exchange.dependencies.kept_responses->update(exchange.record.caller, std::move(response),
                                                 std::move(done));
  });
}

Task<Result<bool>> forget_kept(ExchangeContext& exchange, std::string_view response_id) {
  co_return co_await answer_of<bool>(exchange, [&](KeptResponses::Done done) {
    exchange.dependencies.kept_responses->forget({response_id, exchange.record.caller},
                                                 std::move(done));
  });
}

}  // namespace responses_proxy
