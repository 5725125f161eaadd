#include "conversations/conversation_rows.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/response_id.h"
#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

// Conversations that are deleted at once.
constexpr std::int64_t kExpireAtOnce = 100;
// A use that is younger than this part of the time to live is not written down.
constexpr int kTouchPart = 16;
// A conversation is read back in pieces, each twice as long as the one before.
constexpr std::int64_t kFirstTurns = 8;
constexpr std::int64_t kTurnsAtOnce = 1024;

struct Place {
  std::int64_t turn = 0;
  std::int64_t conversation = 0;
};

std::optional<Place> find_turn(SqlConnection& connection, std::string_view caller,
                               const std::string& id) {
  std::optional<Place> place;
  const std::array<SqlValue, 2> params{to_sql(std::string(caller)), to_sql(id)};
  connection.query(
      "SELECT turn, conversation FROM response_turns WHERE caller = $1 AND response_id = $2 "
      "AND response_id <> ''",
      params, [&place](const SqlRow& row) {
        place = {row.integer(0), row.integer(1)};
      });
  return place;
}

void touch(SqlConnection& connection, std::int64_t conversation, WallTime now) {
  const std::array<SqlValue, 2> params{conversation, to_sql(now)};
  connection.execute(
      "INSERT INTO conversations (conversation, used_at) VALUES ($1, $2) "
      "ON CONFLICT (conversation) DO UPDATE SET used_at = excluded.used_at",
      params);
}

void unname(SqlConnection& connection, std::string_view caller, const std::string& id) {
  const std::array<SqlValue, 2> params{to_sql(std::string(caller)), to_sql(id)};
  connection.execute(
      "UPDATE response_turns SET response_id = '' WHERE caller = $1 AND response_id = $2 "
      "AND response_id <> ''",
      params);
}

void insert_turn(SqlConnection& connection, std::string_view caller, const StoredTurn& turn,
                 const Place& place, std::int64_t before) {
  const std::array<SqlValue, 8> params{place.turn,
                                       place.conversation,
                                       before,
                                       to_sql(std::string(caller)),
                                       to_sql(turn.id),
                                       to_sql(turn.previous),
                                       whole_text(turn.input),
                                       whole_text(turn.output)};
  connection.execute(
      "INSERT INTO response_turns (turn, conversation, turn_before, caller, response_id, "
      "previous_response_id, input, output) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      params);
}

// Turns on the way back from one, as they are read.
class TurnsBack {
 public:
  TurnsBack(std::int64_t latest, const ConversationRows::Known& known)
      : next_(latest), known_(known) {}

  // Up to `most` further ones.
  void read(SqlConnection& connection, std::int64_t most) {
    const std::array<SqlValue, 2> params{next_, most};
    const std::size_t before = turns_.size();
    connection.query(
        "WITH RECURSIVE chain (response_id, previous_response_id, input, output, turn_before, "
        "depth) AS (SELECT response_id, previous_response_id, input, output, turn_before, 1 "
        "FROM response_turns WHERE turn = $1 UNION ALL "
        "SELECT t.response_id, t.previous_response_id, t.input, t.output, t.turn_before, "
        "c.depth + 1 FROM response_turns t JOIN chain c ON t.turn = c.turn_before "
        "WHERE c.depth < $2) "
        "SELECT response_id, previous_response_id, input, output, turn_before FROM chain "
        "ORDER BY depth",
        params, [this](const SqlRow& row) { take(row); });
    missing_ = turns_.size() == before;
  }
  // There is no need, or no use, to read on.
  bool over() const { return next_ == 0 || missing_ || turns_.size() >= kMaxHistoryTurns; }
  // Null: not all of it is there.
  std::shared_ptr<const History> history() && {
    if (next_ != 0) return nullptr;
    std::shared_ptr<const History> history = std::move(at_hand_);
    for (auto turn = turns_.rbegin(); turn != turns_.rend(); ++turn) {
      history = std::make_shared<const History>(std::move(*turn), std::move(history));
    }
    return history;
  }

 private:
  void take(const SqlRow& row) {
    if (next_ == 0) return;  // it goes on from what is at hand
    turns_.push_back({row.text(0), row.text(1), row.text(2), row.text(3)});
    next_ = row.integer(4);
    // Other makers may use an id twice.
    const std::string& previous = turns_.back().previous;
    if (next_ != 0 && is_own_response_id(previous)) at_hand_ = known_(previous);
    if (at_hand_) next_ = 0;
  }

  std::int64_t next_;  // turn to be read; 0 = none is missing
  const ConversationRows::Known& known_;
  std::vector<StoredTurn> turns_;  // the latest first
  std::shared_ptr<const History> at_hand_;
  bool missing_ = false;
};

}  // namespace

std::shared_ptr<const History> ConversationRows::load(const ConversationKey& key, WallTime now,
                                                      const Known& known) {
  std::optional<Place> place;
  std::optional<TurnsBack> turns;
  WallTime used_at{};
  std::int64_t at_once = kFirstTurns;
  database_.look_up([&](SqlConnection& connection) {
    place = find_turn(connection, key.caller, std::string(key.response_id));
    if (!place) return;
    const SqlValue conversation = place->conversation;
    connection.query("SELECT used_at FROM conversations WHERE conversation = $1",
                     {&conversation, 1},
                     [&used_at](const SqlRow& row) { from_sql(row, 0, used_at); });
    if (now - used_at >= ttl_) return;
    turns.emplace(place->turn, known);
    turns->read(connection, at_once);
  });
  if (!turns) return nullptr;
  while (!turns->over()) {
    at_once = std::min(2 * at_once, kTurnsAtOnce);
    database_.read([&](SqlConnection& connection) { turns->read(connection, at_once); });
  }
  auto history = std::move(*turns).history();
  if (history && now - used_at > ttl_ / kTouchPart) {
    database_.write(
        [&](SqlConnection& connection) { touch(connection, place->conversation, now); });
  }
  return history;
}

void ConversationRows::save(std::string_view caller, const History& history, WallTime now) {
  const auto fresh = [this] { return static_cast<std::int64_t>(random_.next() >> 1) | 1; };
  database_.write([&](SqlConnection& connection) {
    std::vector<const History*> missing{&history};
    std::optional<Place> before;
    for (const History* one = history.before().get(); one != nullptr; one = one->before().get()) {
      before = find_turn(connection, caller, one->latest().id);
      if (before) break;
      missing.push_back(one);
    }
    Place place = before.value_or(Place{0, fresh()});
    for (auto one = missing.rbegin(); one != missing.rend(); ++one) {
      const std::int64_t turn_before = std::exchange(place.turn, fresh());
      const StoredTurn& turn = (*one)->latest();
      unname(connection, caller, turn.id);
      insert_turn(connection, caller, turn, place, turn_before);
    }
    touch(connection, place.conversation, now);
  });
}

void ConversationRows::forget(const ConversationKey& key) {
  const std::string id(key.response_id);
  database_.write([&](SqlConnection& connection) {
    const std::array<SqlValue, 2> params{to_sql(std::string(key.caller)), to_sql(id)};
    connection.execute(
        "DELETE FROM response_turns WHERE caller = $1 AND response_id = $2 "
        "AND response_id <> '' AND NOT EXISTS "
        "(SELECT 1 FROM response_turns t WHERE t.turn_before = response_turns.turn)",
        params);
    unname(connection, key.caller, id);
  });
}

void ConversationRows::expire(WallTime now) {
  database_.write([&](SqlConnection& connection) {
    std::vector<SqlValue> expired;
    const std::array<SqlValue, 2> params{to_sql(now - ttl_), kExpireAtOnce};
    connection.query("SELECT conversation FROM conversations WHERE used_at < $1 LIMIT $2", params,
                     [&expired](const SqlRow& row) { expired.emplace_back(row.integer(0)); });
    for (const SqlValue& conversation : expired) {
      connection.execute("DELETE FROM response_turns WHERE conversation = $1", {&conversation, 1});
      connection.execute("DELETE FROM conversations WHERE conversation = $1", {&conversation, 1});
    }
  });
}

}  // namespace responses_proxy
