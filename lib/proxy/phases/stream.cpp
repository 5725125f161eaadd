#include "proxy/phases/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "balance/eligibility.h"
#include "dialects/responses/client_headers.h"
#include "dialects/retry_after.h"
#include "proxy/exchange_context.h"
#include "proxy/local_answers/codex_catalog_answer.h"
#include "proxy/phases/remember.h"

namespace responses_proxy::phases {

namespace {

Error no_answer_error(const Attempt& attempt) {
  const UpstreamError error = attempt.failure_so_far();
  const bool timeout =
      error == UpstreamError::connect_timeout || error == UpstreamError::first_byte_timeout ||
      error == UpstreamError::idle_timeout || error == UpstreamError::write_timeout ||
      error == UpstreamError::total_timeout;
  const int status = error == UpstreamError::out_of_descriptors ? 503 : timeout ? 504 : 502;
  const std::string_view what = attempt.status() == 0 ? "gave no answer" : "broke off its answer";
  return Error::unavailable(
      status, fmt::format("upstream_{}", to_string(error)),
      fmt::format("The upstream of resource {} {} ({}).", attempt.resource_name(), what,
                  describe(error, attempt.error_detail())));
}

// This answer knows of one resource only. When all are out, the client needs to know when the first
// one is back, where that is a matter of time.
void tell_soonest_return(const ExchangeContext& exchange, Headers& headers) {
  const SteadyTime now = exchange.dependencies.clock.steady();
  std::optional<Millis> soonest;
  for (const Target& target : exchange.route->targets) {
    if (exchange.pinned() && target.resource->id != exchange.affinity.required) continue;
    const Eligibility verdict = eligibility(*target.state, now, {});
    if (!verdict.dropped) return;
    if (verdict.by_time) soonest = std::min(soonest.value_or(Millis::max()), verdict.back_in);
  }
  if (!soonest) return;
  ask_to_wait(headers, *soonest);
}

// What an upstream says there is about a catalog of its own.
void tell_catalog(const ExchangeContext& exchange, Headers& headers) {
  headers.erase(kCatalogField);
  const std::string_view news = local_answers::catalog_news(exchange);
  if (!news.empty()) headers.add(kCatalogField, news);
}

void start_answer(ExchangeContext& exchange) {
  HeldAnswer held;
  ResponseHead head = exchange.attempt->release(held);
  tell_catalog(exchange, head.headers);
  if (head.status == 429 || head.status >= 500) tell_soonest_return(exchange, head.headers);
  head.headers.add("x-request-id", exchange.record.request_id);
  head.headers.add("x-proxy-resource-id", exchange.attempt->resource_id());
  head.headers.add("x-proxy-decision", exchange.attempt->reason().text());
  exchange.record.first_byte = exchange.elapsed();
  if (head.status < 300) remember_resource(exchange);
  exchange.downstream.start(std::move(head));
  exchange.pump.begin(std::move(held));
}

// The answer cannot be completed: a stream says so in-band, anything else is cut.
void end_truncated(ExchangeContext& exchange, std::string_view message) {
  exchange.record.error = "truncated";
  if (exchange.attempt->failure(message, exchange.downstream)) {
    exchange.downstream.finish();
  } else {
    exchange.downstream.abort();
  }
}

// Why the answer cannot be completed; "" = it can.
std::string what_is_missing(const Attempt& attempt) {
  if (attempt.error() != UpstreamError::none) {
    return fmt::format("The upstream's answer broke off ({}).", to_string(attempt.error()));
  }
  if (!attempt.facts().complete) return "The upstream ended its stream without a terminal event.";
  return {};
}

// Others can find the response before its client hears that it has failed.
Task<> end_broken(ExchangeContext& exchange, std::string message) {
  keep_broken_answer(exchange, message);
  while (exchange.remembered.open > 0 && !exchange.interrupted()) co_await exchange.progress;
  if (!exchange.interrupted()) end_truncated(exchange, message);
}

Task<> end_answer(ExchangeContext& exchange) {
  remember_answer(exchange);
  std::string missing = what_is_missing(*exchange.attempt);
  if (!missing.empty()) return end_broken(exchange, std::move(missing));
  const bool deleted = exchange.endpoint.kind == EndpointKind::response &&
                       exchange.request.method == "DELETE" && exchange.downstream.status() < 300;
  if (deleted) forget_response(exchange);
  exchange.record.completed = true;
  exchange.downstream.finish();
  return ready();
}

Task<> pump(ExchangeContext& exchange) {
  start_answer(exchange);
  AnswerPump& answer = exchange.pump;
  while (!answer.over() && !exchange.interrupted()) {
    co_await exchange.progress;
    answer.forward_kept();
  }
  // Going down, an answer that is whole ends as it is: no replica, no slow client is waited for.
  if (exchange.shutting_down) answer.give_kept();
  const Attempt& attempt = *exchange.attempt;
  const bool whole = attempt.over() && attempt.facts().complete && !exchange.downstream.gone();
  if (whole || answer.end_delivered() || !exchange.interrupted()) {
    co_await end_answer(exchange);
  }
}

}  // namespace

Task<std::optional<Error>> stream(ExchangeContext& exchange) {
  if (!exchange.interrupted()) {
    if (const auto& refusal = exchange.attempt->refusal()) co_return *refusal;
    if (exchange.attempt->came_to_nothing()) co_return no_answer_error(*exchange.attempt);
    co_await pump(exchange);
  }
  const bool cut_short = exchange.shutting_down && !exchange.downstream.over();
  if (!cut_short) co_return std::nullopt;
  constexpr const char* kGoingDown = "The proxy is shutting down.";
  if (!exchange.downstream.committed()) {
    co_return Error::unavailable(503, "shutting_down", kGoingDown);
  }
  end_truncated(exchange, kGoingDown);
  exchange.record.error = "shutting_down";
  co_return std::nullopt;
}

}  // namespace responses_proxy::phases
