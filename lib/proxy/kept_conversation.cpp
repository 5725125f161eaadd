#include "proxy/kept_conversation.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "proxy/exchange_context.h"
#include "proxy/kept_state.h"

namespace responses_proxy {

namespace {

// So often a change is made anew, because somebody else was faster.
constexpr int kMaxTries = 16;

Error too_busy() {
  Error error = Error::unavailable(
      503, "conversation_busy",
      "The conversation is being changed by too many others at once; send the request again.");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

// Its end moves on only when everybody can find what it moves to.
Task<std::optional<Error>> keep_turns(ExchangeContext& exchange,
                                      std::shared_ptr<const History> history) {
  if (is_full(*history, 0)) co_return conversation_full(exchange.facts.conversation_id);
  const auto kept = co_await keep_history(exchange, std::move(history));
  if (kept && *kept) co_return std::nullopt;
  Error error = Error::unavailable(503, "response_store_unavailable",
                                   "The database of stored responses cannot be used now; send the "
                                   "request again.");
  error.retry_after = std::chrono::seconds(1);
  co_return error;
}

}  // namespace

Error conversation_not_found(std::string_view id) {
  Error error = Error::invalid_request("", fmt::format("Conversation with id '{}' not found.", id));
  error.status = 404;
  return error;
}

bool is_full(const History& history, std::size_t more_bytes) {
  return history.bytes() + more_bytes > kMaxHistoryBytes || history.turns() > kMaxHistoryTurns;
}

Error conversation_full(std::string_view id) {
  return Error::invalid_request(
      "conversation_too_long",
      fmt::format("Conversation '{}' cannot be longer than {} MiB or {} turns. Begin another one, "
                  "or delete items.",
                  id, kMaxHistoryBytes / (1024 * 1024), kMaxHistoryTurns),
      "conversation");
}

Task<Result<OpenConversation>> open_conversation(ExchangeContext& exchange, std::string_view id) {
  auto kept = co_await find_kept_conversation(exchange, id);
  if (!kept) co_return kept.error();
  if (!*kept) co_return conversation_not_found(id);
  auto history = co_await find_conversation(exchange, (*kept)->head);
  if (!history) co_return history.error();
  if (!*history) co_return conversation_not_found(id);
  co_return OpenConversation{std::move(**kept), std::move(*history)};
}

Task<Result<OpenConversation>> begin_conversation(ExchangeContext& exchange,
                                                  KeptConversation conversation,
                                                  std::shared_ptr<const History> history) {
  if (auto error = co_await keep_turns(exchange, history)) co_return *error;
  conversation.head = history->latest().id;
  const auto kept = co_await keep_conversation(exchange, conversation);
  if (!kept) co_return kept.error();
  co_return OpenConversation{std::move(conversation), std::move(history)};
}

Task<Result<OpenConversation>> change_conversation(ExchangeContext& exchange,
                                                   OpenConversation conversation,
                                                   ConversationChange change) {
  for (int tries = 0; tries < kMaxTries; ++tries) {
    auto history = change(conversation);
    if (!history) co_return history.error();
    if (*history != conversation.history) {
      if (auto error = co_await keep_turns(exchange, *history)) co_return *error;
    }
    conversation.history = std::move(*history);
    conversation.kept.head = conversation.history->latest().id;
    const auto updated = co_await update_conversation(exchange, conversation.kept);
    if (!updated) co_return updated.error();
    if (*updated) co_return std::move(conversation);
    auto now = co_await open_conversation(exchange, conversation.kept.id);
    if (!now) co_return now.error();
    conversation = std::move(*now);
  }
  co_return too_busy();
}

std::shared_ptr<const History> turn_in(const OpenConversation& conversation, StoredTurn turn) {
  turn.previous = conversation.kept.head;
  return std::make_shared<const History>(std::move(turn), conversation.history);
}

}  // namespace responses_proxy
