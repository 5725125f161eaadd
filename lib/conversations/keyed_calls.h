// KeyedCalls: rows under an id and the caller they belong to, read and written from event loops.
//
// Role       What SqlKeptResponses and SqlKeptConversations have in common: their way to the
//            database and back, and when what has expired is deleted.
// Threads    Those of BlockingCalls.
// Errors     A database that is down or late is an Error.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conversations/blocking_calls.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/conversations.h"
#include "responses_proxy/result.h"
#include "storage/database.h"
#include "storage/sql_values.h"

namespace responses_proxy {

// A key of a call that outlives the texts it was made with.
struct OwnedKey {
  explicit OwnedKey(const ConversationKey& key)
      : caller(std::string(key.caller)), id(std::string(key.response_id)) {}
  std::string caller;
  std::string id;
};

// A use that is younger than this part of the time to live is not written down.
inline constexpr int kTouchPart = 16;

class KeyedCalls {
 public:
  // What is deleted at once of what has expired.
  static constexpr std::int64_t kExpireAtOnce = 100;

  KeyedCalls(Database& database, const Clock& clock, EventLoops& loops, std::size_t threads)
      : database_(database), clock_(clock), calls_(loops, threads) {}

  // Runs `ask`, which blocks, elsewhere; then `found` here.
  template <class Row>
  void find(std::function<std::optional<Row>()> ask,
            std::function<void(Result<std::optional<Row>>)> found) {
    const auto row = std::make_shared<std::optional<Row>>();
    calls_.run([row, ask = std::move(ask)] { *row = ask(); },
               [row, found = std::move(found)](BlockingCalls::Outcome outcome) {
                 if (outcome != BlockingCalls::Outcome::done) {
                   return found(BlockingCalls::unavailable(outcome));
                 }
                 found(std::move(*row));
               });
  }

  // Runs `change` in a transaction elsewhere; what it says of itself is the answer.
  void write(std::function<bool(SqlConnection&)> change, std::function<void(Result<bool>)> done) {
    const auto changed = std::make_shared<bool>(false);
    calls_.run(
        [this, changed, change = std::move(change)] {
          database_.write([&](SqlConnection& connection) { *changed = change(connection); });
        },
        [changed, done = std::move(done)](BlockingCalls::Outcome outcome) {
          if (!done) return;
          if (outcome != BlockingCalls::Outcome::done) {
            return done(BlockingCalls::unavailable(outcome));
          }
          done(*changed);
        });
  }

  // Deletes some of what has expired, now and then, in the caller's transaction. `find`: selects
  // caller and id of what was last touched before $1, $2 of them.
  template <class Remove>
  void expire(SqlConnection& connection, const char* find, Millis ttl, Remove remove) {
    if (!expires_now()) return;
    const std::array<SqlValue, 2> params{to_sql(clock_.wall() - ttl), kExpireAtOnce};
    std::vector<OwnedKey> expired;
    connection.query(find, params, [&expired](const SqlRow& row) {
      expired.emplace_back(ConversationKey{row.text(1), row.text(0)});
    });
    for (const OwnedKey& key : expired) remove(connection, key);
  }

 private:
  // Once a minute, of all who ask.
  bool expires_now() {
    constexpr Millis kEvery = std::chrono::minutes(1);
    const SteadyTime now = clock_.steady();
    SteadyTime due = next_expiry_;
    return now >= due && next_expiry_.compare_exchange_strong(due, now + kEvery);
  }

  Database& database_;
  const Clock& clock_;
  std::atomic<SteadyTime> next_expiry_{};
  BlockingCalls calls_;  // last: it ends first
};

}  // namespace responses_proxy
