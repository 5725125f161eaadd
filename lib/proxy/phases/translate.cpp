#include "proxy/phases/translate.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/input_items.h"
#include "core/response_id.h"
#include "proxy/aside.h"
#include "proxy/exchange_context.h"
#include "proxy/local_answers/local_answers.h"

namespace responses_proxy::phases {

namespace {

// A longer answer cannot be continued.
constexpr std::size_t kMaxOutputKept = 32 * 1024 * 1024;

std::string input_of(std::string_view body) {
  const auto members = read_members(body);
  return members ? input_items(member(*members, "input")) : std::string();
}

Error unknown_wire_api(const Resource& resource) {
  return Error::unavailable(500, "unknown_wire_api",
                            fmt::format("No dialect speaks wire_api \"{}\" of resource {}.",
                                        resource.wire_api, resource.name));
}

Sending made_of(Lease lease, Translated made, ExchangeContext& exchange) {
  const Config& config = exchange.config;
  UpstreamCall& call = made.call;
  UpstreamRequest request;
  request.method = std::move(call.method);
  request.url = std::move(call.url);
  request.headers = std::move(call.headers);
  std::string& body = call.body ? exchange.translated_body : exchange.request.body;
  if (call.body) body = std::move(*call.body);
  request.body = body;
  request.timeouts = {config.connect_timeout, config.first_byte_timeout, config.idle_timeout,
                      config.request_timeout};
  request.http2 = lease.resource().http2;
  return {std::move(lease), std::move(request), &body,
          local_answers::added_to(exchange, std::move(made.answer))};
}

// What the request continues, where that has to go up with it: not to the resource that has it, and
// not behind a turn that says it itself.
std::optional<std::string> history_to_send(const ExchangeContext& exchange,
                                           const Resource& resource) {
  if (!exchange.history) return std::nullopt;
  const bool known_there =
      exchange.turn || (resource.id == exchange.affinity.required && !exchange.conversation);
  if (exchange.dialect->keeps_responses() && known_there) return std::nullopt;
  return exchange.readable_history ? *exchange.readable_history : exchange.history->items();
}

// What the client calls the model; of a response that is read back: what it has called it then.
std::string_view alias_of(const ExchangeContext& exchange) {
  return exchange.route->alias.empty() ? exchange.affinity.alias : exchange.route->alias;
}

// On whatever thread: nothing else happens in the exchange meanwhile.
Result<Translated> translated(ExchangeContext& exchange, const Lease& lease) {
  const Resource& resource = lease.resource();
  const auto& turn = exchange.turn;
  const bool kept_here = !exchange.dialect->keeps_responses() || exchange.conversation;
  const auto history = history_to_send(exchange, resource);
  if (turn) {
    exchange.request.body = {};  // before the new one takes as much
    exchange.request.body = turn->write();
  }
  if (kept_here && !turn) exchange.own_input = input_of(exchange.request.body);
  // A turn that is prepared names the resource's model already.
  const std::string_view upstream_model = turn ? std::string_view() : lease.model();
  const std::size_t keep_output = turn        ? exchange.config.websocket_state_bytes
                                  : kept_here ? kMaxOutputKept
                                              : 0;
  return exchange.dialect->translate(
      {.request = exchange.request,
       .model = exchange.record.model,
       .upstream_model = upstream_model,
       .keep_output = keep_output,
       .alias = alias_of(exchange),
       .capabilities = lease.capabilities(),
       .settings = lease.settings(),
       .history = history,
       .response_id = exchange.own_response_id,
       .clock = &exchange.dependencies.clock,
       .seal = exchange.dependencies.seal,
       .foreign_reasoning = exchange.config.foreign_reasoning,
       .compacted = exchange.compacted ? &*exchange.compacted : nullptr},
      resource);
}

// What goes up as it came costs nothing, however much it is.
bool is_large_work(const ExchangeContext& exchange, const Lease& lease) {
  const bool stateless = !exchange.dialect->keeps_responses();
  const std::size_t history = exchange.history ? exchange.history->bytes() : 0;
  if (exchange.turn) {
    return exchange.turn->bytes_to_write() + (stateless ? history : 0) > kLargeBody;
  }
  const bool rewritten = stateless || !lease.model().empty() || exchange.history != nullptr;
  return rewritten && exchange.request.body.size() + history > kLargeBody;
}

// What has to be decided on the loop.
std::optional<Error> get_ready(ExchangeContext& exchange, const Lease& lease) {
  const Resource& resource = lease.resource();
  exchange.dialect = exchange.dependencies.dialects.find(resource.wire_api);
  if (exchange.dialect == nullptr) return unknown_wire_api(resource);
  const bool stateless = !exchange.dialect->keeps_responses();
  const std::string& previous = exchange.facts.previous_response_id;
  if (!previous.empty() && !exchange.history && stateless) {
    return previous_response_not_found(previous);
  }
  if (stateless && exchange.own_response_id.empty()) {
    exchange.own_response_id = new_response_id(exchange.dependencies.random);
  }
  exchange.record.model = lease.model().empty() ? exchange.facts.model : lease.model();
  if (!exchange.turn) return std::nullopt;
  return exchange.turn->prepare(lease, *exchange.dialect, exchange.request);
}

}  // namespace

Task<Result<Sending>> translate(ExchangeContext& exchange, Lease lease) {
  if (auto error = get_ready(exchange, lease)) co_return *error;
  std::optional<Result<Translated>> answer;
  if (is_large_work(exchange, lease)) {
    co_await aside(exchange, true, [&] { answer.emplace(translated(exchange, lease)); });
  } else {
    answer.emplace(translated(exchange, lease));
  }
  if (!*answer) co_return answer->error();
  Translated& made = **answer;
  exchange.summarising = made.summarises;
  if (!made.adjusted.empty()) exchange.record.adjusted = std::move(made.adjusted);
  co_return made_of(std::move(lease), std::move(made), exchange);
}

}  // namespace responses_proxy::phases
