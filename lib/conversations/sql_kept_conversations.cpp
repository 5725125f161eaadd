#include "conversations/sql_kept_conversations.h"

#include <array>
#include <utility>

#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

struct Row {
  KeptConversation conversation;
  WallTime touched;
};

std::optional<Row> load(SqlConnection& connection, const OwnedKey& key) {
  std::optional<Row> row;
  const std::array<SqlValue, 2> params{to_sql(key.caller), to_sql(key.id)};
  connection.query(
      "SELECT document, head, version, touched_at FROM kept_conversations "
      "WHERE caller = $1 AND conversation_id = $2",
      params, [&](const SqlRow& found) {
        row = Row{{key.id, found.text(0), found.text(1), found.integer(2)}, {}};
        from_sql(found, 3, row->touched);
      });
  return row;
}

constexpr const char* kFindExpired =
    "SELECT caller, conversation_id FROM kept_conversations WHERE touched_at < $1 LIMIT $2";

bool remove(SqlConnection& connection, const OwnedKey& key) {
  const std::array<SqlValue, 2> params{to_sql(key.caller), to_sql(key.id)};
  return connection.execute(
             "DELETE FROM kept_conversations WHERE caller = $1 AND conversation_id = $2", params) >
         0;
}

void insert(SqlConnection& connection, const std::string& caller,
            const KeptConversation& conversation, WallTime now) {
  const std::array<SqlValue, 6> params{
      to_sql(caller), to_sql(conversation.id),   conversation.version,
      to_sql(now),    to_sql(conversation.head), whole_text(conversation.document)};
  connection.execute(
      "INSERT INTO kept_conversations (caller, conversation_id, version, touched_at, head, "
      "document) VALUES ($1, $2, $3, $4, $5, $6)",
      params);
}

bool replace(SqlConnection& connection, const std::string& caller,
             const KeptConversation& conversation, WallTime now) {
  const std::array<SqlValue, 6> params{
      to_sql(now),    to_sql(conversation.head), whole_text(conversation.document),
      to_sql(caller), to_sql(conversation.id),   conversation.version};
  return connection.execute(
             "UPDATE kept_conversations SET version = version + 1, touched_at = $1, head = $2, "
             "document = $3 WHERE caller = $4 AND conversation_id = $5 AND version = $6",
             params) > 0;
}

void touch_row(SqlConnection& connection, const OwnedKey& key, WallTime now) {
  const std::array<SqlValue, 3> params{to_sql(now), to_sql(key.caller), to_sql(key.id)};
  connection.execute(
      "UPDATE kept_conversations SET touched_at = $1 WHERE caller = $2 AND conversation_id = $3",
      params);
}

}  // namespace

void SqlKeptConversations::find(const ConversationKey& key, Found found) {
  calls_.find<KeptConversation>(
      [this, owned = OwnedKey(key)]() -> std::optional<KeptConversation> {
        auto row =
            database_.look_up([&](SqlConnection& connection) { return load(connection, owned); });
        const WallTime now = clock_.wall();
        if (!row || now - row->touched >= ttl_) return std::nullopt;
        if (now - row->touched > ttl_ / kTouchPart) {
          database_.write([&](SqlConnection& connection) { touch_row(connection, owned, now); });
        }
        return std::move(row->conversation);
      },
      std::move(found));
}

void SqlKeptConversations::keep(std::string_view caller, KeptConversation conversation, Done done) {
  write(caller, std::move(conversation), std::move(done),
        [this](SqlConnection& connection, const std::string& owner, const KeptConversation& kept) {
          remove(connection, OwnedKey({kept.id, owner}));
          insert(connection, owner, kept, clock_.wall());
          calls_.expire(connection, kFindExpired, ttl_, remove);
          return true;
        });
}

void SqlKeptConversations::update(std::string_view caller, KeptConversation conversation,
                                  Done done) {
  write(caller, std::move(conversation), std::move(done),
        [this](SqlConnection& connection, const std::string& owner, const KeptConversation& kept) {
          return replace(connection, owner, kept, clock_.wall());
        });
}

// false at once for one that is too large.
void SqlKeptConversations::write(std::string_view caller, KeptConversation conversation, Done done,
                                 Change change) {
  if (conversation.bytes() > kMaxConversationDocument) {
    if (done) done(false);
    return;
  }
  calls_.write([owner = std::string(caller), conversation = std::move(conversation),
                change = std::move(change)](
                   SqlConnection& connection) { return change(connection, owner, conversation); },
               std::move(done));
}

void SqlKeptConversations::forget(const ConversationKey& key, Done done) {
  calls_.write(
      [owned = OwnedKey(key)](SqlConnection& connection) { return remove(connection, owned); },
      std::move(done));
}

}  // namespace responses_proxy
