#include "proxy/phases/background.h"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "dialects/translation/response_object.h"
#include "proxy/exchange_context.h"
#include "proxy/kept_state.h"

namespace responses_proxy::phases {

namespace {

constexpr const char* kShutDown = "The proxy was shut down before the response was complete.";
constexpr const char* kCancelled = "The response was cancelled.";

bool is_asked_for(const ExchangeContext& exchange) {
  return exchange.facts.background && exchange.turn == nullptr &&
         exchange.endpoint.kind == EndpointKind::create_response &&
         !exchange.dialect->keeps_responses();
}

Error not_stored() {
  return Error::invalid_request("invalid_value",
                                "Background responses are stored: leave out `store`, or set it to "
                                "true.",
                                "store");
}

Error too_many(std::size_t limit) {
  Error error = Error::rate_limited(
      fmt::format("{} responses are made in the background here already, as many as may be. Try "
                  "again later, or without `background`.",
                  limit),
      "background_limit_reached");
  error.param = "background";
  error.retry_after = BackgroundRun::kBeat;
  return error;
}

// Nobody wants it any more.
void cancel(ExchangeContext& exchange) {
  if (!exchange.run || exchange.run->ended) return;
  exchange.run->cancelled = true;
  if (exchange.attempt) exchange.attempt->cancel();
  exchange.progress.fire();
}

// Calls `then` on the exchange's loop, if the exchange still runs.
std::function<void()> on_its_loop(ExchangeContext& exchange, void (*then)(ExchangeContext&)) {
  return [&loop = exchange.loop.loop, weak = exchange.weak_from_this(), then] {
    loop.post([weak, then] {
      if (const auto running = weak.lock()) then(*running);
    });
  };
}

// Other replicas hear that it is still made, and this one whether it is still wanted.
void beat(ExchangeContext& exchange) {
  const auto weak = exchange.weak_from_this();
  exchange.run->next_beat = exchange.loop.loop.timers().after(BackgroundRun::kBeat, [weak] {
    const auto running = weak.lock();
    if (!running || !running->run || running->run->ended) return;
    running->dependencies.kept_responses->touch({running->run->id, running->caller},
                                                [weak](Result<bool> open) {
                                                  const auto asked = weak.lock();
                                                  if (!asked || !asked->run || asked->run->ended)
                                                    return;
                                                  if (open && !*open) return cancel(*asked);
                                                  beat(*asked);
                                                });
  });
}

KeptResponse kept_as(const ExchangeContext& exchange, std::string document, bool open) {
  KeptResponse response;
  response.id = exchange.run->id;
  response.document = std::move(document);
  response.previous = exchange.facts.previous_response_id;
  response.input = exchange.own_input;
  response.open = open;
  return response;
}

// Why there is none, in the provider's words where it has said so.
ResponseState failed_state(const ExchangeContext& exchange, const std::optional<Error>& error,
                           std::string& code, std::string& message) {
  if (exchange.shutting_down) {
    message = kShutDown;
  } else if (error) {
    code = error->code;
    message = error->message;
  } else if (exchange.attempt) {
    const UpstreamFault fault = exchange.attempt->fault();
    code = exchange.mask.apply(fault.code);
    message = exchange.mask.apply(fault.message);
  }
  if (code.empty()) code = "server_error";
  if (message.empty()) message = "The provider's answer broke off.";
  ResponseState state;
  state.status = "failed";
  state.error_code = code;
  state.error_message = message;
  return state;
}

Task<std::optional<Error>> begin_run(ExchangeContext& exchange, const Translation& answer) {
  if (!exchange.facts.stored) co_return not_stored();
  auto run = std::make_unique<BackgroundRun>();
  run->id = exchange.own_response_id;
  run->place = exchange.loop.background.begin(run->id, on_its_loop(exchange, &cancel));
  if (!run->place) co_return too_many(exchange.loop.background.max_runs());
  run->document = answer.stored().document;
  exchange.run = std::move(run);
  exchange.record.response_id = exchange.run->id;  // whatever comes of it
  const auto kept =
      co_await keep_response(exchange, kept_as(exchange, exchange.run->document, true));
  if (!kept) {
    exchange.run.reset();
    co_return kept.error();
  }
  beat(exchange);
  if (exchange.facts.stream) co_return std::nullopt;
  ResponseState queued;
  queued.status = "queued";
  exchange.downstream.answer(with_state(exchange.run->document, queued), {},
                             exchange.record.request_id);
  exchange.downstream.detach();
  co_return std::nullopt;
}

Task<> end_run(ExchangeContext& exchange, const std::optional<Error>& error) {
  BackgroundRun& run = *exchange.run;
  run.next_beat.reset();
  const bool cut = exchange.downstream.committed() && !exchange.downstream.over();
  if (run.cancelled) {
    // Whoever has cancelled it has kept that.
    if (cut && exchange.attempt) exchange.attempt->failure(kCancelled, exchange.downstream);
    if (cut) exchange.downstream.finish();
    run.ended = true;
  }
  if (!std::exchange(run.ended, true)) {
    std::string code;
    std::string message;
    const ResponseState state = failed_state(exchange, error, code, message);
    [[maybe_unused]] const auto kept = co_await update_response(
        exchange, kept_as(exchange, with_state(run.document, state), false));
  }
  run.place.reset();  // callbacks may keep the exchange longer than there are places
}

}  // namespace

Task<std::optional<Error>> go_to_background(ExchangeContext& exchange, const Translation& answer) {
  if (exchange.run || !is_asked_for(exchange)) return ready(std::optional<Error>());
  return begin_run(exchange, answer);
}

bool goes_on_alone(ExchangeContext& exchange) {
  if (!exchange.run || exchange.run->cancelled || exchange.shutting_down) return false;
  exchange.downstream.detach();
  if (exchange.attempt) exchange.attempt->resume();
  exchange.progress.fire();
  return true;
}

Task<> end_background(ExchangeContext& exchange, const std::optional<Error>& error) {
  return exchange.run ? end_run(exchange, error) : ready();
}

}  // namespace responses_proxy::phases
