#include "proxy/local_answers/kept_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "core/json.h"
#include "core/json_members.h"
#include "core/response_id.h"
#include "core/sse_event.h"
#include "dialects/translation/replayed_response.h"
#include "dialects/translation/response_object.h"
#include "proxy/aside.h"
#include "proxy/exchange_context.h"
#include "proxy/kept_state.h"
#include "proxy/local_answers/input_item_list.h"
#include "proxy/local_answers/query_values.h"

namespace responses_proxy::local_answers {

namespace {

using Answer = std::optional<Result<std::string>>;

// How often it is looked whether a response that is being made is complete.
constexpr Millis kLookEvery{500};

enum class Asked : std::uint8_t { nothing, document, deletion, cancellation, input_items };

Asked what_is_asked(const ExchangeContext& exchange) {
  const std::string& method = exchange.request.method;
  const std::string_view path = exchange.request.path;
  if (exchange.endpoint.kind != EndpointKind::response) return Asked::nothing;
  const std::string_view id = exchange.endpoint.id;
  const auto end = static_cast<std::size_t>(id.data() - path.data()) + id.size();
  const std::string_view rest = path.substr(std::min(end, path.size()));
  const bool get = method == "GET" || method == "HEAD";
  if (rest.empty() && get) return Asked::document;
  if (rest.empty() && method == "DELETE") return Asked::deletion;
  if (rest == "/cancel" && method == "POST") return Asked::cancellation;
  if (rest == "/input_items" && get) return Asked::input_items;
  return Asked::nothing;
}

// Whoever made it in the background has gone without a word.
bool abandoned(const ExchangeContext& exchange, const KeptResponse& response) {
  const WallTime now = exchange.dependencies.clock.wall();
  return response.open && now - response.touched > BackgroundRun::kGone;
}

// In another state from now on, if it is still open; else as it has ended meanwhile.
Task<Result<std::optional<KeptResponse>>> close(ExchangeContext& exchange, KeptResponse response,
                                                ResponseState state) {
  const std::string id = response.id;
  response.document = with_state(response.document, state);
  response.open = false;
  const auto closed = co_await update_response(exchange, response);
  if (!closed) co_return closed.error();
  if (*closed) co_return std::optional(std::move(response));
  co_return co_await find_kept(exchange, id);
}

Task<Result<std::optional<KeptResponse>>> look_up(ExchangeContext& exchange) {
  auto found = co_await find_kept(exchange, exchange.facts.path_response_id);
  if (!found || !*found || !abandoned(exchange, **found)) co_return found;
  ResponseState failed;
  failed.status = "failed";
  failed.error_code = "server_error";
  failed.error_message = "The proxy that made the response has gone.";
  co_return co_await close(exchange, std::move(**found), failed);
}

Task<Result<std::string>> delete_response(ExchangeContext& exchange) {
  const std::string& id = exchange.facts.path_response_id;
  const auto forgotten = co_await forget_kept(exchange, id);
  if (!forgotten) co_return forgotten.error();
  if (!*forgotten) co_return response_not_found(id);
  exchange.dependencies.conversations->forget({id, exchange.caller});
  exchange.dependencies.state.forget_affinity({AffinityKind::response, id});
  exchange.loop.background.stop(id);
  co_return dump({{"id", id}, {"object", "response"}, {"deleted", true}});
}

bool made_in_background(std::string_view document) {
  const auto members = read_members(document);
  return members && member(*members, "background") == "true";
}

Task<Result<std::string>> cancel_response(ExchangeContext& exchange, KeptResponse response) {
  if (!made_in_background(response.document)) {
    co_return Error::invalid_request("", "Cannot cancel a synchronous response.");
  }
  if (!response.open) co_return std::move(response.document);
  const std::string id = response.id;
  ResponseState cancelled;
  cancelled.status = "cancelled";
  auto closed = co_await close(exchange, std::move(response), cancelled);
  if (!closed) co_return closed.error();
  if (!*closed) co_return response_not_found(id);
  exchange.loop.background.stop(id);
  co_return std::move((*closed)->document);
}

Task<Result<std::string>> list_input(ExchangeContext& exchange, KeptResponse response) {
  const auto page = read_item_page(exchange.request.query);
  if (!page) co_return page.error();
  auto history = co_await find_conversation(exchange, response.id);
  if (!history) co_return history.error();
  std::shared_ptr<const History> before;
  if (!*history && !response.previous.empty()) {
    auto found = co_await find_conversation(exchange, response.previous);
    if (!found) co_return found.error();
    before = std::move(*found);
  }
  if (!*history) {
    StoredTurn turn{response.id, response.previous, std::move(response.input), {}};
    *history = std::make_shared<const History>(std::move(turn), std::move(before));
  }
  std::optional<Result<std::string>> list;
  co_await aside(exchange, (*history)->bytes() > kLargeBody,
                 [&] { list.emplace(item_list(input_of(**history), *page)); });
  co_return std::move(*list);
}

// Waits, at most so long; less if something happens.
Task<> wait_a_while(ExchangeContext& exchange, Millis time) {
  bool over = false;
  const auto timer = exchange.loop.loop.timers().after(time, [&exchange, &over] {
    over = true;
    exchange.progress.fire();
  });
  while (!over && !exchange.interrupted()) co_await exchange.progress;
}

// The events of a response that is still being made come when it is complete.
Task<Result<std::string>> stream_response(ExchangeContext& exchange, KeptResponse response,
                                          std::int64_t starting_after) {
  ResponseHead head;
  head.headers = {{"content-type", "text/event-stream"}, {"cache-control", "no-cache"}};
  head.headers.add("x-request-id", exchange.record.request_id);
  exchange.record.first_byte = exchange.elapsed();
  Downstream& client = exchange.downstream;
  client.start(std::move(head));
  while (response.open && !exchange.interrupted()) {
    co_await wait_a_while(exchange, kLookEvery);
    auto found = co_await look_up(exchange);
    if (!found) continue;
    if (!*found) break;  // it was deleted
    response = std::move(**found);
  }
  std::unique_ptr<ReplayedResponse> events;
  co_await aside(exchange, response.document.size() > kLargeBody, [&] {
    events = std::make_unique<ReplayedResponse>(response.document, response.marks, starting_after);
  });
  bool more = !response.open;
  while (more && !exchange.interrupted()) {
    more = events->step(client);
    while (client.full() && !exchange.interrupted()) co_await exchange.progress;
  }
  const bool whole = !response.open && !more;
  exchange.record.completed = whole;
  whole ? client.finish() : client.abort();
  co_return std::string();
}

Task<Result<std::string>> give_response(ExchangeContext& exchange, KeptResponse response) {
  const std::string& query = exchange.request.query;
  if (query_value(query, "stream").value_or("") != "true") co_return std::move(response.document);
  std::int64_t after = -1;
  if (const auto given = query_value(query, "starting_after")) {
    const char* const end = given->data() + given->size();
    const auto [stop, error] = std::from_chars(given->data(), end, after);
    if (error != std::errc{} || stop != end || after < 0) {
      co_return Error::invalid_request("invalid_value",
                                       fmt::format("Invalid 'starting_after': expected the number "
                                                   "of an event, but got '{}' instead.",
                                                   *given),
                                       "starting_after");
    }
  }
  co_return co_await stream_response(exchange, std::move(response), after);
}

Task<Answer> find_and_answer(ExchangeContext& exchange, Asked asked) {
  const std::string& id = exchange.facts.path_response_id;
  const bool ours = is_own_response_id(id);
  // Without a route there is nobody who may know it; why that is so says more than "not found".
  const bool unknown_here = !exchange.route || some_upstream_may_keep(exchange);
  if (!ours && unknown_here) co_return std::nullopt;
  auto found = co_await look_up(exchange);
  if (!found) co_return Answer(found.error());
  if (!*found) co_return unknown_here ? Answer() : Answer(response_not_found(id));
  KeptResponse& response = **found;
  switch (asked) {
    case Asked::deletion:
      co_return Answer(co_await delete_response(exchange));
    case Asked::cancellation:
      co_return Answer(co_await cancel_response(exchange, std::move(response)));
    case Asked::input_items:
      co_return Answer(co_await list_input(exchange, std::move(response)));
    default:
      co_return Answer(co_await give_response(exchange, std::move(response)));
  }
}

}  // namespace

Task<Answer> answer_about_kept(ExchangeContext& exchange) {
  const Asked asked = what_is_asked(exchange);
  return asked == Asked::nothing ? ready(Answer()) : find_and_answer(exchange, asked);
}

}  // namespace responses_proxy::local_answers
