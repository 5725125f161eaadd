#include "proxy/exchange.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/local_answers/local_answers.h"
#include "proxy/phases/admit.h"
#include "proxy/phases/background.h"
#include "proxy/phases/compact.h"
#include "proxy/phases/failover.h"
#include "proxy/phases/hold_back.h"
#include "proxy/phases/pick.h"
#include "proxy/phases/recall.h"
#include "proxy/phases/record.h"
#include "proxy/phases/route.h"
#include "proxy/phases/send.h"
#include "proxy/phases/stream.h"
#include "proxy/phases/translate.h"

namespace responses_proxy {

namespace {

// Pick, translate, send, until an attempt has begun whose answer is the client's: that is the one
// in the exchange then. A request that cannot be said to one target may be one for another: what
// the first had against it is the answer where nobody can serve it.
Task<std::optional<Error>> find_answer(ExchangeContext& exchange) {
  std::optional<Error> objection;
  while (!exchange.interrupted()) {
    auto lease = phases::pick(exchange);
    if (!lease) {
      // Nobody else is left: the last answer, if there was one, says more than "all out".
      if (exchange.attempt) break;
      co_return objection ? *objection : lease.error();
    }
    phases::close_attempt(exchange);
    // The route holds them.
    const Resource& resource = lease->resource();
    const std::string_view model = lease->model();
    auto sending = co_await phases::translate(exchange, std::move(*lease));
    if (!sending) {
      if (!objection) objection = sending.error();
      phases::leave_out(exchange, resource, model);
      continue;
    }
    auto refused = co_await phases::go_to_background(exchange, *sending->answer);
    if (refused) co_return *refused;
    if (exchange.interrupted()) break;
    phases::send(exchange, std::move(*sending));
    co_await phases::hold_back(exchange);
    if (exchange.interrupted()) break;
    bool again = co_await phases::moves_on(exchange);
    if (!again && !exchange.interrupted()) again = co_await phases::goes_on_compacted(exchange);
    if (!again) break;
  }
  co_return std::nullopt;
}

// Through an upstream, from the recall on.
Task<std::optional<Error>> relay(ExchangeContext& exchange) {
  std::optional<Error> error = co_await phases::recall(exchange);
  if (!error) error = co_await find_answer(exchange);
  if (!error) error = co_await phases::stream(exchange);
  co_return error;
}

// The proxy's own answer, in place of an upstream's. "": the client has it.
void give(ExchangeContext& exchange, std::string_view json) {
  if (exchange.downstream.gone() || json.empty()) return;
  exchange.record.first_byte = exchange.elapsed();
  exchange.record.completed = true;
  exchange.downstream.answer(json, local_answers::headers_of(exchange), exchange.record.request_id);
}

// ... and if that is an error.
void refuse(ExchangeContext& exchange, const Error& error) {
  if (exchange.downstream.gone()) return;
  RequestRecord& record = exchange.record;
  record.error = error.code;
  if (!exchange.attempt) {
    const bool clients_fault = error.status < 500 && error.status != 429;
    record.blame = clients_fault ? Blame::client : Blame::proxy;
  }
  record.first_byte = exchange.elapsed();
  record.completed = true;
  exchange.downstream.refuse(error, record.request_id);
}

}  // namespace

Exchange::Exchange(const Config& config, const ProxyOptions& dependencies, const ExchangeLoop& loop,
                   ExchangeOwner& owner, Request&& request, std::shared_ptr<ResponseWriter> writer,
                   std::shared_ptr<ClientTurn> turn)
    : context_(std::make_shared<ExchangeContext>(config, dependencies, loop, std::move(request),
                                                 std::move(writer), std::move(turn),
                                                 static_cast<ResponseObserver&>(*this))),
      owner_(owner) {}

// The straight line.
Detached Exchange::run() {
  const std::shared_ptr<Exchange> self = shared_from_this();
  ExchangeContext& exchange = *context_;
  if (Tracer* tracer = exchange.dependencies.tracer) {
    exchange.trace = tracer->begin(exchange.request.headers.get("traceparent"));
  }
  std::optional<Error> error = co_await phases::admit(exchange);
  if (!error) error = phases::ask_host(exchange);
  const bool admitted = !error;
  if (!error) error = phases::route(exchange);
  // What is kept here needs no target.
  local_answers::LocalAnswer made_here;
  if (admitted) made_here = co_await local_answers::answer_to(exchange);
  if (!error && !made_here) error = co_await relay(exchange);
  if (error && !made_here && admitted && !exchange.shutting_down) {
    made_here = local_answers::answer_without_upstream(exchange);
  }
  if (made_here && made_here->ok()) {
    give(exchange, **made_here);
  } else if (made_here) {
    refuse(exchange, made_here->error());
  } else if (error) {
    refuse(exchange, *error);
  }
  co_await phases::end_background(exchange, error);
  co_await phases::record(exchange);
  owner_.on_exchange_ended(*this);
}

void Exchange::on_writable() {
  context_->downstream.on_writable();
  if (context_->attempt) context_->attempt->resume();
  context_->progress.fire();
}

void Exchange::on_closed() {
  if (phases::goes_on_alone(*context_)) return;
  context_->downstream.on_closed();
  stop();
}

void Exchange::shut_down() {
  context_->shutting_down = true;
  stop();
}

// Frees the upstream at once.
void Exchange::stop() {
  if (context_->attempt) context_->attempt->cancel();
  context_->progress.fire();
}

}  // namespace responses_proxy
