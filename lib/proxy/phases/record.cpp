#include "proxy/phases/record.h"

#include <utility>

#include "proxy/aside.h"
#include "proxy/counted_usage.h"
#include "proxy/exchange_context.h"
#include "responses_proxy/exchange_hooks.h"
#include "responses_proxy/health_checker.h"

namespace responses_proxy::phases {

namespace {

constexpr int kClientClosedRequest = 499;  // nginx's word for "the client left"

void note_outcome(ExchangeContext& exchange) {
  RequestRecord& record = exchange.record;
  record.status_code = exchange.downstream.status();
  record.response_bytes = exchange.downstream.body_bytes();
  const bool left_early = exchange.downstream.gone() && !exchange.pump.end_delivered();
  record.completed = record.completed && !left_early;
  if (left_early) {
    record.status_code = kClientClosedRequest;
    record.blame = Blame::client;
    record.error = "client_closed";
  } else if (exchange.run && exchange.run->cancelled) {
    record.completed = false;
    record.status_code = kClientClosedRequest;
    record.blame = Blame::client;
    record.error = "cancelled";
  } else if (record.blame == Blame::none && !record.attempts.empty()) {
    record.blame = record.attempts.back().blame;
  }
  record.duration = exchange.elapsed();
}

// What the host writes there may hold whatever it knows of the request.
Task<> let_host_change(ExchangeContext& exchange, ExchangeHooks& hooks) {
  RequestRecord& record = exchange.record;
  hooks.before_record(record);
  const bool large = record.request_body.size() + record.response_body.size() > kLargeBody;
  co_await aside(exchange, large,
                 [&exchange, &record] { exchange.mask.apply_to_words_of_host(record); });
}

}  // namespace

Task<> record(ExchangeContext& exchange) {
  // Its client may have left meanwhile.
  while (exchange.remembered.turn_open) co_await exchange.progress;
  close_attempt(exchange);
  note_outcome(exchange);
  co_await aside(exchange, exchange.capture.bytes() > kLargeBody,
                 [&exchange] { exchange.capture.finish(exchange.mask, exchange.record); });
  if (ExchangeHooks* hooks = exchange.dependencies.hooks)
    co_await let_host_change(exchange, *hooks);
  exchange.mask.apply(exchange.record);
  if (exchange.trace) {
    exchange.dependencies.tracer->end(*std::exchange(exchange.trace, std::nullopt),
                                      exchange.record);
  }
  exchange.dependencies.telemetry.record(std::move(exchange.record));
  release_body(exchange);
  if (exchange.turn) exchange.turn->release();
}

void judge_attempt(ExchangeContext& exchange, const UpstreamFault& fault) {
  const ProxyOptions& dependencies = exchange.dependencies;
  const VerdictOptions options{.cooldown = exchange.config.resource_cooldown,
                               .max_retry_after = exchange.config.max_retry_after,
                               .checked = dependencies.health != nullptr};
  const std::string& resource_id = exchange.attempt->resource_id();
  const bool doubtful = exchange.attempt->judge(fault, options);
  if (doubtful && dependencies.health) dependencies.health->check(resource_id);
  const std::string& model = exchange.record.model;
  if (model.empty() || !fault.model_refused) return;
  if (const Target* target = exchange.route->table->find(resource_id)) {
    target->state->refuse_model(model, dependencies.clock.steady());
  }
}

void close_attempt(ExchangeContext& exchange) {
  if (!exchange.attempt) return;
  Attempt& attempt = *exchange.attempt;
  if (exchange.interrupted() && !attempt.over()) {
    const bool cancelled = exchange.run && exchange.run->cancelled;
    const bool left = exchange.downstream.gone() || cancelled;
    left ? attempt.abandon(cancelled ? "cancelled" : "client_closed", Blame::client)
         : attempt.abandon("shutting_down", Blame::proxy);
  } else if (const auto& refusal = attempt.refusal()) {
    attempt.abandon(refusal->code, Blame::client);
  } else {
    judge_attempt(exchange, attempt.fault());
  }
  attempt.cancel();
  RequestRecord& record = exchange.record;
  const AnswerFacts& facts = attempt.facts();
  const TokenUsage usage = counted_usage(exchange.endpoint.kind, exchange.request.method, facts);
  record.usage += usage;
  record.background = facts.background;
  record.text_bytes = facts.text_bytes;
  if (exchange.downstream.committed() && record.error.empty()) record.error = facts.error_code;
  record.attempts.push_back(attempt.record());
  record.attempts.back().usage = usage;
  exchange.attempt.reset();
}

}  // namespace responses_proxy::phases
