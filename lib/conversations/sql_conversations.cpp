#include "conversations/sql_conversations.h"

#include <string>
#include <utility>

namespace responses_proxy {

namespace {

using Outcome = BlockingCalls::Outcome;

constexpr Millis kExpireEvery = std::chrono::minutes(1);

// Another replica may forget a response meanwhile.
ConversationLimits recent_limits() {
  ConversationLimits limits;
  limits.idle = std::chrono::minutes(10);
  return limits;
}

bool may_be_stored(const History& history) {
  return history.stored() && history.bytes() <= kMaxHistoryBytes &&
         history.turns() <= kMaxHistoryTurns;
}

}  // namespace

SqlConversations::SqlConversations(Database& database, Random& random, const Clock& clock,
                                   EventLoops& loops, Millis ttl)
    : rows_(database, random, ttl), clock_(clock), recent_(clock, recent_limits()), calls_(loops) {}

void SqlConversations::find(const ConversationKey& key, Found found) {
  if (recent_.peek(key)) return recent_.find(key, std::move(found));
  struct Question {
    std::string id;
    std::string caller;
    std::shared_ptr<const History> history;
  };
  const auto question = std::make_shared<Question>();
  question->id = key.response_id;
  question->caller = key.caller;
  calls_.run(
      [this, question] {
        const auto at_hand = [&](std::string_view id) {
          return recent_.peek({id, question->caller});
        };
        question->history = rows_.load({question->id, question->caller}, clock_.wall(), at_hand);
      },
      [this, question, found = std::move(found)](Outcome outcome) {
        if (outcome != Outcome::done) return found(BlockingCalls::unavailable(outcome));
        if (question->history) recent_.keep(question->caller, question->history, {});
        found(question->history);
      });
}

void SqlConversations::keep(std::string_view caller, std::shared_ptr<const History> history,
                            Done done) {
  recent_.keep(caller, history, {});
  if (!may_be_stored(*history)) {
    if (done) done(false);
    return;
  }
  calls_.run(
      [this, owner = std::string(caller), history = std::move(history)] {
        rows_.save(owner, *history, clock_.wall());
        expire_now_and_then();
      },
      [done = std::move(done)](Outcome outcome) {
        if (done) done(outcome == Outcome::done);
      });
}

void SqlConversations::forget(const ConversationKey& key) {
  recent_.forget(key);
  calls_.run(
      [this, id = std::string(key.response_id), owner = std::string(key.caller)] {
        rows_.forget({id, owner});
      },
      [](Outcome) {});
}

void SqlConversations::expire_now_and_then() {
  const SteadyTime now = clock_.steady();
  SteadyTime due = next_expiry_;
  if (now >= due && next_expiry_.compare_exchange_strong(due, now + kExpireEvery)) {
    rows_.expire(clock_.wall());
  }
}

}  // namespace responses_proxy
