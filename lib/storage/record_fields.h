// The fields of a record, one line each in record_fields.cpp. The telemetry event (record_json.h)
// and the rows of the admin lists (control/rows.h) follow from these lists, what is read from
// `sessions`, and how records of earlier versions are read (json_record.h, earlier_records.h).
//
// A new field of a request is a member of the record, a line in its list, and one in
// record_codec.cpp; a new one of a session also lines in session_totals.cpp, and a step of
// records_schema.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "responses_proxy/record_queries.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

enum class FieldKind : std::uint8_t {
  text,
  body,  // a text of any length, "" = not captured; only for those who ask for it
  number,
  flag,      // 0 or 1
  time,      // microseconds since 1970
  duration,  // microseconds
};

template <class Record>
struct RecordField {
  std::string column;  // in SQL, and in what earlier versions wrote
  FieldKind kind;
  // In the JSON of an event, and of a row of an admin list; "usage/input_tokens" is a member of an
  // object, "" is not shown.
  std::string event;
  std::string row;
  bool zero_is_absent = false;  // in the row
  std::function<SqlValue(const Record&)> get;
  std::function<void(const SqlRow&, int column, Record&)> set;

  bool is_text() const { return kind == FieldKind::text || kind == FieldKind::body; }
};

template <class Record>
using RecordFields = std::span<const RecordField<Record>>;

RecordFields<RequestRecord> request_fields();
// Those without the bodies, what a list reads; and the bodies.
RecordFields<RequestRecord> request_summary_fields();
RecordFields<RequestRecord> request_body_fields();
RecordFields<AttemptRecord> attempt_fields();
RecordFields<SessionRow> session_fields();
// Columns of requests ("r.") and attempts ("a.").
RecordFields<DecisionRow> decision_fields();

struct TokenCount {
  const char* name;
  std::optional<std::int64_t> TokenUsage::*count;
};
inline constexpr std::array<TokenCount, 5> kTokenCounts{{
    {"input_tokens", &TokenUsage::input},
    {"output_tokens", &TokenUsage::output},
    {"total_tokens", &TokenUsage::total},
    {"cached_tokens", &TokenUsage::cached},
    {"reasoning_tokens", &TokenUsage::reasoning},
}};

// "r.request_id, r.created_at, ...": the columns of all fields.
template <class Record>
std::string column_list(RecordFields<Record> fields, const std::string& prefix = "") {
  std::string list;
  for (const RecordField<Record>& field : fields) {
    if (!list.empty()) list += ", ";
    list += prefix + field.column;
  }
  return list;
}

// Reads the columns of column_list(), the first of which is `first_column`.
template <class Record>
void read_fields(RecordFields<Record> fields, const SqlRow& row, Record& record,
                 int first_column = 0) {
  int column = first_column;
  for (const RecordField<Record>& field : fields) field.set(row, column++, record);
}

template <class Record>
Record read_record(RecordFields<Record> fields, const SqlRow& row, int first_column = 0) {
  Record record;
  read_fields(fields, row, record, first_column);
  return record;
}

}  // namespace responses_proxy
