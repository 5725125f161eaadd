#include "storage/request_rows.h"

#include <algorithm>
#include <array>
#include <utility>

#include "storage/record_codec.h"
#include "storage/record_key.h"

namespace responses_proxy {

namespace {

// Rows that are copied into one insert.
constexpr std::size_t kMaxInsertRows = 1'024;
constexpr std::size_t kMaxInsertBytes = 8'388'608;

// How many of the records go into the next insert; at least one.
std::size_t next_chunk(std::span<const RequestRecord* const> records) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < std::min(records.size(), kMaxInsertRows)) {
    bytes += records[count]->request_body.size() + records[count]->response_body.size();
    if (count > 0 && bytes > kMaxInsertBytes) break;
    ++count;
  }
  return count;
}

const SqlInsert& into_requests() {
  static const SqlInsert into{"requests",
                              {{"row_key"},
                               {"segment"},
                               {"created_at"},
                               {"request_id", true},
                               {"session_id", true},
                               {"session_hash"},
                               {"response_id", true},
                               {"response_hash"},
                               {"caller", true},
                               {"model", true},
                               {"asked_pool_id", true},
                               {"resource_id", true},
                               {"pool_id", true},
                               {"status_code"},
                               {"attempts"},
                               {"details", false, true},
                               {"request_body", true},
                               {"response_body", true}},
                              "DO NOTHING"};
  return into;
}

}  // namespace

RequestRow read_request_row(const SqlRow& row) {
  RequestRow read{row.integer(0), {}};
  RequestRecord& record = read.record;
  record.created_at = from_micros(row.integer(1));
  record.request_id = row.text(2);
  record.session_id = row.text(3);
  record.response_id = row.text(4);
  record.caller = row.text(5);
  record.model = row.text(6);
  record.requested_pool_id = row.text(7);
  record.status_code = static_cast<int>(row.integer(8));
  // Of a damaged one, what could be read.
  static_cast<void>(decode_details(row.bytes(9), record));
  return read;
}

RequestRows::Records RequestRows::insert(std::span<const RequestRecord* const> records) {
  Records fresh;
  while (!records.empty()) {
    const std::size_t count = next_chunk(records);
    const Records of_chunk = insert_chunk(records.first(count));
    fresh.insert(fresh.end(), of_chunk.begin(), of_chunk.end());
    records = records.subspan(count);
  }
  return fresh;
}

RequestRows::Records RequestRows::insert_chunk(std::span<const RequestRecord* const> records) {
  Cells rows;
  std::vector<std::size_t> ends;
  for (const RequestRecord* record : records) {
    encode_details(*record, rows.details);
    ends.push_back(rows.details.size());
  }
  rows.cells.reserve(records.size() * into_requests().columns.size());
  std::vector<std::int64_t> keys;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < records.size(); begin = ends[i], ++i) {
    keys.push_back(record_key(*records[i]));
    const auto details = std::string_view(rows.details).substr(begin, ends[i] - begin);
    add(rows, *records[i], keys.back(), details);
  }
  const std::vector<bool> written = connection_.insert_cells(into_requests(), rows.cells);
  Records fresh;
  std::vector<std::int64_t> fresh_keys;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto key = written[i] ? std::optional(keys[i]) : insert_elsewhere(*records[i]);
    if (!key) continue;
    segments_.count(*key);
    fresh.push_back(records[i]);
    fresh_keys.push_back(*key);
  }
  insert_beside(fresh, fresh_keys);
  return fresh;
}

void RequestRows::add(Cells& to, const RequestRecord& record, std::int64_t key,
                      std::string_view details) {
  static const std::string nothing;
  const AttemptRecord* last = record.attempts.empty() ? nullptr : &record.attempts.back();
  const std::string_view session_id = to.texts.of(record.session_id);
  const std::string_view response_id = to.texts.of(record.response_id);
  to.cells.insert(
      to.cells.end(),
      {key, segments_.of(key), to_micros(record.created_at), to.texts.of(record.request_id),
       session_id, text_hash(session_id), response_id, text_hash(response_id),
       to.texts.of(record.caller), to.texts.of(record.model), to.texts.of(record.requested_pool_id),
       to.texts.of(last ? last->resource_id : nothing), to.texts.of(last ? last->pool_id : nothing),
       std::int64_t{record.status_code}, static_cast<std::int64_t>(record.attempts.size()),
       SqlBytes{details}, to.texts.whole(record.request_body),
       to.texts.whole(record.response_body)});
}

std::optional<std::int64_t> RequestRows::insert_elsewhere(const RequestRecord& record) {
  std::int64_t from = record_key(record);
  while (const auto key = free_key(record, from)) {
    Cells row;
    encode_details(record, row.details);
    add(row, record, *key, row.details);
    if (connection_.insert_cells(into_requests(), row.cells).front()) {
      // The note of a background response is written before its record.
      const std::array<SqlValue, 3> values{*key, to_sql(record.response_id), record_key(record)};
      connection_.execute(
          "UPDATE background_usage SET request_key = $1 WHERE response_id = $2 AND "
          "request_key = $3",
          values);
      return key;
    }
    from = *key;  // somebody else was faster
  }
  return std::nullopt;
}

std::optional<std::int64_t> RequestRows::free_key(const RequestRecord& record, std::int64_t from) {
  const std::string request_id = storable_text(record.request_id);
  for (;; from += kSlots) {
    std::int64_t free = from;
    bool there = false;
    const std::array<SqlValue, 2> range{from, from + kSlots};
    connection_.query(
        "SELECT row_key, request_id FROM requests WHERE row_key >= $1 AND row_key < $2 "
        "ORDER BY row_key",
        range, [&](const SqlRow& row) {
          there |= row.text(1) == request_id;
          if (row.integer(0) == free) ++free;
        });
    if (there) return std::nullopt;
    if (free < from + kSlots) return free;
  }
}

// The tables that follow from few of the records.
void RequestRows::insert_beside(const Records& records, std::span<const std::int64_t> keys) {
  static const SqlInsert into_attempts{
      "left_attempts",
      {{"request_key"}, {"attempt"}, {"resource_id", true}, {"pool_id", true}},
      "DO NOTHING"};
  static const SqlInsert into_keys{
      "request_keys", {{"request_id", true}, {"request_key"}}, "DO NOTHING"};
  std::vector<SqlValues> attempts;
  std::vector<SqlValues> ids;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const RequestRecord& record = *records[i];
    if (!id_has_time(record)) ids.push_back({to_sql(record.request_id), keys[i]});
    for (std::size_t n = 0; n + 1 < record.attempts.size(); ++n) {
      attempts.push_back({keys[i], static_cast<std::int64_t>(n + 1),
                          to_sql(record.attempts[n].resource_id),
                          to_sql(record.attempts[n].pool_id)});
    }
  }
  if (!attempts.empty()) connection_.insert(into_attempts, attempts);
  if (!ids.empty()) connection_.insert(into_keys, ids);
}

}  // namespace responses_proxy
