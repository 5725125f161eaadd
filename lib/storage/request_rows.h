// The rows of `requests`: what they have columns for, how they are read, and how they are written.
//
// Role       A row has columns for what lists are ordered and filtered by, and the rest of the
//            record, its attempts too, in `details` (record_codec.h). It stands under its
//            record_key(), or, where another record has that place, in the next one that is free.
// Threads    RequestRows: one at a time, in the transaction that it was made in.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "responses_proxy/request_record.h"
#include "storage/record_segments.h"
#include "storage/sql_connection.h"
#include "storage/sql_values.h"

namespace responses_proxy {

// What read_request_row() reads.
inline constexpr const char* kRequestColumns =
    "r.row_key, r.created_at, r.request_id, r.session_id, r.response_id, r.caller, r.model, "
    "r.asked_pool_id, r.status_code, r.details";

struct RequestRow {
  std::int64_t key = 0;
  RequestRecord record;  // without bodies
};
RequestRow read_request_row(const SqlRow& row);

class RequestRows {
 public:
  using Records = std::vector<const RequestRecord*>;

  explicit RequestRows(SqlConnection& connection, std::int64_t segment_rows = kSegmentRows)
      : connection_(connection), segments_(connection, segment_rows) {}

  // Returns those that were not there already, in their order.
  Records insert(std::span<const RequestRecord* const> records);
  // After the last insert().
  void finish() { segments_.write(connection_); }
  std::int64_t newest_segment() const { return segments_.newest(); }

 private:
  // The cells of a batch, and what they point to.
  struct Cells {
    std::vector<SqlCell> cells;
    std::string details;
    StorableTexts texts;
  };

  Records insert_chunk(std::span<const RequestRecord* const> records);
  void add(Cells& to, const RequestRecord& record, std::int64_t key, std::string_view details);
  // The place of a record whose own one is taken; nothing: it is there already.
  std::optional<std::int64_t> insert_elsewhere(const RequestRecord& record);
  std::optional<std::int64_t> free_key(const RequestRecord& record, std::int64_t from);
  void insert_beside(const Records& records, std::span<const std::int64_t> keys);

  SqlConnection& connection_;
  RecordSegments segments_;
};

}  // namespace responses_proxy
