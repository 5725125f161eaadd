#include "conversations/sql_kept_responses.h"

#include <array>
#include <string>
#include <utility>

#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

std::optional<KeptResponse> load(SqlConnection& connection, const OwnedKey& key) {
  std::optional<KeptResponse> response;
  const std::array<SqlValue, 2> params{to_sql(key.caller), to_sql(key.id)};
  connection.query(
      "SELECT document, marks, previous_response_id, input, is_open, touched_at "
      "FROM kept_responses WHERE caller = $1 AND response_id = $2",
      params, [&](const SqlRow& row) {
        response = KeptResponse{key.id, row.text(0), row.text(1), row.text(2), row.text(3), {}, {}};
        from_sql(row, 4, response->open);
        from_sql(row, 5, response->touched);
      });
  return response;
}

constexpr const char* kFindExpired =
    "SELECT caller, response_id FROM kept_responses WHERE touched_at < $1 LIMIT $2";

bool remove(SqlConnection& connection, const OwnedKey& key) {
  const std::array<SqlValue, 2> params{to_sql(key.caller), to_sql(key.id)};
  return connection.execute("DELETE FROM kept_responses WHERE caller = $1 AND response_id = $2",
                            params) > 0;
}

void insert(SqlConnection& connection, const std::string& caller, const KeptResponse& response,
            WallTime now) {
  const std::array<SqlValue, 8> params{to_sql(caller),
                                       to_sql(response.id),
                                       to_sql(response.open),
                                       to_sql(now),
                                       to_sql(response.previous),
                                       whole_text(response.input),
                                       whole_text(response.marks),
                                       whole_text(response.document)};
  connection.execute(
      "INSERT INTO kept_responses (caller, response_id, is_open, touched_at, "
      "previous_response_id, input, marks, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      params);
}

bool replace_open(SqlConnection& connection, const std::string& caller,
                  const KeptResponse& response, WallTime now) {
  const std::array<SqlValue, 8> params{to_sql(response.open),
                                       to_sql(now),
                                       to_sql(response.previous),
                                       whole_text(response.input),
                                       whole_text(response.marks),
                                       whole_text(response.document),
                                       to_sql(caller),
                                       to_sql(response.id)};
  return connection.execute(
             "UPDATE kept_responses SET is_open = $1, touched_at = $2, previous_response_id = $3, "
             "input = $4, marks = $5, document = $6 "
             "WHERE caller = $7 AND response_id = $8 AND is_open = 1",
             params) > 0;
}

bool touch_row(SqlConnection& connection, const OwnedKey& key, bool open, WallTime now) {
  const std::array<SqlValue, 4> params{to_sql(now), to_sql(key.caller), to_sql(key.id),
                                       to_sql(open)};
  return connection.execute(
             "UPDATE kept_responses SET touched_at = $1 "
             "WHERE caller = $2 AND response_id = $3 AND is_open = $4",
             params) > 0;
}

}  // namespace

void SqlKeptResponses::find(const ConversationKey& key, Found found) {
  calls_.find<KeptResponse>(
      [this, owned = OwnedKey(key)]() -> std::optional<KeptResponse> {
        auto response =
            database_.look_up([&](SqlConnection& connection) { return load(connection, owned); });
        const WallTime now = clock_.wall();
        if (!response || now - response->touched >= ttl_) return std::nullopt;
        if (!response->open && now - response->touched > ttl_ / kTouchPart) {
          database_.write(
              [&](SqlConnection& connection) { touch_row(connection, owned, false, now); });
        }
        return response;
      },
      std::move(found));
}

void SqlKeptResponses::keep(std::string_view caller, KeptResponse response, Done done) {
  if (response.bytes() > kMaxKeptBytes) {
    if (done) done(false);
    return;
  }
  calls_.write(
      [this, owner = std::string(caller),
       response = std::move(response)](SqlConnection& connection) {
        remove(connection, OwnedKey({response.id, owner}));
        insert(connection, owner, response, clock_.wall());
        calls_.expire(connection, kFindExpired, ttl_, remove);
        return true;
      },
      std::move(done));
}

void SqlKeptResponses::update(std::string_view caller, KeptResponse response, Done done) {
  calls_.write(
      [this, owner = std::string(caller),
       response = std::move(response)](SqlConnection& connection) {
        return replace_open(connection, owner, response, clock_.wall());
      },
      std::move(done));
}

void SqlKeptResponses::touch(const ConversationKey& key, Done done) {
  calls_.write(
      [this, owned = OwnedKey(key)](SqlConnection& connection) {
        return touch_row(connection, owned, true, clock_.wall());
      },
      std::move(done));
}

void SqlKeptResponses::forget(const ConversationKey& key, Done done) {
  calls_.write(
      [owned = OwnedKey(key)](SqlConnection& connection) { return remove(connection, owned); },
      std::move(done));
}

}  // namespace responses_proxy
